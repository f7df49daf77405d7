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

pub(super) const WAYS: [Way; 6] = [Way::Direct, Way::Team, Way::TeamOnly, Way::Group, Way::Nested, Way::Before];

pub(super) const OWNERS: [Owner; 6] = [
    Owner::Ada,
    Owner::Crew,
    Owner::Other(Unit::Sales),
    Owner::Other(Unit::East),
    Owner::Other(Unit::Root),
    Owner::Other(Unit::Hr),
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
    let is_inherited = matches!(way, Way::Direct | Way::Team | Way::Group | Way::Nested);
    // "If your group team's security role has a member's privilege inheritance and the security role contains at least one
    // privilege that has User level permission, members need no role of their own."
    let counts_as_role = way == Way::Direct || (is_member && is_inherited && held == Held::User);
    if !has_another_role && !counts_as_role {
        return Verdict::NoRole;
    }
    if held == Held::Not || !is_member {
        return Verdict::NoPrivilege;
    }
    let base = if way == Way::Direct { Unit::Sales } else { team };
    let of_owner = match owner {
        Owner::Ada => Unit::Sales,
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
        Owner::Other(_) => false,
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
            let teams: &[Unit] = if way == Way::Direct { &[Unit::Sales] } else { &[Unit::Sales, Unit::Hr] };
            for team in teams {
                worlds.push(World { held, way, team: *team, is_disabled: false, has_another_role: true });
            }
        }
    }
    worlds
}
