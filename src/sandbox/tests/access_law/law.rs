//! The rule, and everything that it depends on.

/// How far the privilege reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Held {
    Not,
    User,
    Unit,
    Below,
    Organization,
}

/// Through what Ada has the role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// It is hers.
    Direct,
    /// An owner team that she is in, whose members inherit the role.
    Team,
    /// An owner team, whose members do not inherit it.
    TeamOnly,
    /// A group team of a group that she is in.
    Group,
    /// A group team of a group that has a group that she is in.
    Nested,
    /// A group team that she has not come into yet.
    Before,
    /// It is hers, the copy of the unit HR, where the organisation allows roles of other units.
    Elsewhere,
}

/// Where somebody is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    Root,
    Sales,
    East,
    Hr,
}

/// Who owns a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Owner {
    Ada,
    Crew,
    Other(Unit),
    /// Somebody of HR, where the organisation allows rows of other units: the row is of the unit Sales.
    Moved,
}

/// How a row is shared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Share {
    Not,
    WithAda,
    WithCrew,
    /// Something that no operation here asks for.
    AnotherRight,
    /// A share that was revoked and not cleaned up.
    Nothing,
}

/// What is to be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Yes,
    Disabled,
    NoRole,
    NoPrivilege,
    NoAccess,
}

/// Who Ada is, before rows are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct World {
    pub(super) held: Held,
    pub(super) way: Way,
    /// Where the team is; nothing when the role is her own.
    pub(super) team: Unit,
    pub(super) is_disabled: bool,
    pub(super) has_another_role: bool,
}

pub(super) const HELD: [Held; 5] = [Held::Not, Held::User, Held::Unit, Held::Below, Held::Organization];

pub(super) const WAYS: [Way; 7] =
    [Way::Direct, Way::Team, Way::TeamOnly, Way::Group, Way::Nested, Way::Before, Way::Elsewhere];

pub(super) const OWNERS: [Owner; 7] = [
    Owner::Ada,
    Owner::Crew,
    Owner::Other(Unit::Sales),
    Owner::Other(Unit::East),
    Owner::Other(Unit::Root),
    Owner::Other(Unit::Hr),
    Owner::Moved,
];

pub(super) const SHARES: [Share; 5] =
    [Share::Not, Share::WithAda, Share::WithCrew, Share::AnotherRight, Share::Nothing];

/// The rule, sentence by sentence.
pub(super) fn law(world: World, owner: Owner, share: Share) -> Verdict {
    let World { held, way, team, is_disabled, has_another_role } = world;
    if is_disabled {
        return Verdict::Disabled;
    }
    let is_member = way != Way::Before;
    let is_hers = matches!(way, Way::Direct | Way::Elsewhere);
    let is_inherited = is_hers || matches!(way, Way::Team | Way::Group | Way::Nested);
    // "If your group team's security role has a member's privilege inheritance and the security role contains at least one
    // privilege that has User level permission, members need no role of their own."
    let counts_as_role = is_hers || (is_member && is_inherited && held == Held::User);
    if !has_another_role && !counts_as_role {
        return Verdict::NoRole;
    }
    if held == Held::Not || !is_member {
        return Verdict::NoPrivilege;
    }
    // "The security role of another business unit gives access to the rows of that business unit"; depth is measured from the role's
    // own unit, and it is the row's unit that counts, wherever its owner is (matrix data access structure).
    let base = match way {
        Way::Direct => Unit::Sales,
        Way::Elsewhere => Unit::Hr,
        Way::Team | Way::TeamOnly | Way::Group | Way::Nested | Way::Before => team,
    };
    let of_owner = match owner {
        Owner::Ada | Owner::Moved => Unit::Sales,
        Owner::Crew => team,
        Owner::Other(unit) => unit,
    };
    let by_depth = match held {
        Held::Not | Held::User => false,
        Held::Unit => base == of_owner,
        Held::Below => base == of_owner || (base == Unit::Sales && of_owner == Unit::East),
        Held::Organization => true,
    };
    // "Team privileges only": at User level the role is for what the team owns or is given; from Business Unit on there is no
    // difference between the two.
    let is_for_herself = is_inherited || held > Held::User;
    let by_owner = match owner {
        Owner::Ada => is_inherited,
        Owner::Crew => true,
        Owner::Other(_) | Owner::Moved => false,
    };
    let by_share = match share {
        Share::WithAda => is_for_herself,
        Share::WithCrew => true,
        Share::Not | Share::AnotherRight | Share::Nothing => false,
    };
    if by_depth || by_owner || by_share { Verdict::Yes } else { Verdict::NoAccess }
}

pub(super) fn worlds() -> Vec<World> {
    let mut worlds = Vec::new();
    for held in HELD {
        for way in WAYS {
            let is_hers = matches!(way, Way::Direct | Way::Elsewhere);
            let teams: &[Unit] = if is_hers { &[Unit::Sales] } else { &[Unit::Sales, Unit::Hr] };
            for team in teams {
                worlds.push(World { held, way, team: *team, is_disabled: false, has_another_role: true });
            }
        }
    }
    worlds
}
