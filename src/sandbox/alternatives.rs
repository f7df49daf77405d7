//! Every answer that an open question can have, so that whoever must cope with all of them can walk through them.

use std::fmt;

use super::variants::{
    AbsentAssociation, AddOverExisting, CoOwnerMask, DeleteOfHeldRole, DuplicateAssociation, EmbeddedUnderAppTrigger,
    FlowServiceShares, ForbiddenSharing, GrantOverExisting, GrantWithoutPrivilege, GroupMembers, ModeEffect,
    PatchOfActiveFlow, ReferenceCheck, RemovePrivilegeAction, RevokedShare, RoleCopyReads, RunRequirements,
    SharePointPrivileges, ShareRows, StaleWay, UserById, Variants,
};

/// The numbers of stale reads that are worth trying besides none.
const STALE_READS: [u32; 2] = [1, 3];

/// The answers to one open question besides the default: the question's name, and each answer as a change of the variants.
#[derive(Debug, Clone)]
pub struct Question {
    /// The name of the question, as in [`Variants`].
    pub name: &'static str,
    /// Each other answer, by its name.
    pub answers: Vec<Alternative>,
}

/// One answer to one question.
#[derive(Debug, Clone)]
pub struct Alternative {
    /// The name of its question.
    pub question: &'static str,
    /// What it answers, in words.
    pub answer: String,
    /// The defaults with this answer.
    variants: Variants,
    give: fn(&Variants, &mut Variants),
}

impl fmt::Display for Alternative {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.question, self.answer)
    }
}

impl Alternative {
    /// Gives this answer in the variants of a tenant, and leaves the other answers.
    pub fn give(&self, variants: &mut Variants) {
        (self.give)(&self.variants, variants);
    }
}

/// Lists the answers of an enum; the match makes a new one fail to compile until it is listed.
macro_rules! answers {
    ($question:ident: $kind:ident { $($answer:ident),+ $(,)? }) => {{
        const fn _is_complete(answer: $kind) {
            match answer {
                $($kind::$answer => {})+
            }
        }
        question(stringify!($question), [$($kind::$answer),+], |from, to| to.$question = from.$question, |variants, answer| {
            variants.$question = answer;
        })
    }};
}

impl Variants {
    /// Lists every open question with its answers besides the default.
    pub fn questions() -> Vec<Question> {
        // Destructured so that a new question does not compile until it is listed.
        let Self {
            add_over_existing_privilege: _,
            duplicate_association: _,
            absent_association: _,
            grant_over_existing_share: _,
            patch_of_active_flow: _,
            grant_without_privilege: _,
            revoked_share: _,
            stale_reads: _,
            stale_way: _,
            share_rows: _,
            remove_privilege_action: _,
            forbidden_sharing: _,
            embedded_under_app_trigger: _,
            mode_effect: _,
            role_copy_reads: _,
            run_requirements: _,
            share_point_privileges: _,
            delete_of_held_role: _,
            group_members: _,
            user_by_id: _,
            co_owner_mask: _,
            flow_service_shares: _,
            reference_check: _,
        } = Self::default();
        vec![
            answers!(add_over_existing_privilege: AddOverExisting { Changes, Raises, Noop, Refused }),
            answers!(duplicate_association: DuplicateAssociation { Refused, Accepted }),
            answers!(absent_association: AbsentAssociation { NotFound, Accepted }),
            answers!(grant_over_existing_share: GrantOverExisting { Merge, Replace, Error }),
            answers!(patch_of_active_flow: PatchOfActiveFlow { Accepted, Refused, TurnsOff, Reverted }),
            answers!(grant_without_privilege: GrantWithoutPrivilege { Stored, Refused }),
            answers!(revoked_share: RevokedShare { Gone, MaskZero }),
            question(
                "stale_reads",
                STALE_READS,
                |from, to| to.stale_reads = from.stale_reads,
                |variants, reads| {
                    variants.stale_reads = reads;
                },
            ),
            answers!(stale_way: StaleWay { Neither, Sets, Functions }),
            answers!(share_rows: ShareRows { Principal, Administrator }),
            answers!(remove_privilege_action: RemovePrivilegeAction { Present, Missing }),
            answers!(forbidden_sharing: ForbiddenSharing { Refused, Ignored }),
            answers!(embedded_under_app_trigger: EmbeddedUnderAppTrigger { Kept, SetBack }),
            answers!(mode_effect: ModeEffect { AtOnce, AfterRestart }),
            answers!(role_copy_reads: RoleCopyReads { OfRoot, Nothing }),
            answers!(run_requirements: RunRequirements { Documented, Reported, Assumed }),
            answers!(share_point_privileges: SharePointPrivileges { ComeBack, StayAway }),
            answers!(delete_of_held_role: DeleteOfHeldRole { Refused, Accepted }),
            answers!(group_members: GroupMembers { AtAccess, AfterCache }),
            answers!(user_by_id: UserById { Shown, NotAMember }),
            answers!(co_owner_mask: CoOwnerMask { EveryRight, AllButDelete }),
            answers!(flow_service_shares: FlowServiceShares { Rows, Nothing, Refused }),
            answers!(reference_check: ReferenceCheck { OnCreation, OnEverySave }),
        ]
    }
}

fn question<T: std::fmt::Debug + Copy, const N: usize>(
    name: &'static str,
    answers: [T; N],
    give: fn(&Variants, &mut Variants),
    set: fn(&mut Variants, T),
) -> Question {
    let answers = answers.into_iter().map(|answer| {
        let mut variants = Variants::default();
        set(&mut variants, answer);
        Alternative { question: name, answer: format!("{answer:?}"), variants, give }
    });
    Question { name, answers: answers.filter(|answer| answer.variants != Variants::default()).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_question_has_another_answer_and_giving_it_changes_that_question_alone() {
        let written = |variants: &Variants| serde_json::to_value(variants).unwrap();
        let default = written(&Variants::default());
        let questions = Variants::questions();
        assert_eq!(questions.len(), default.as_object().unwrap().len());
        for question in &questions {
            assert!(!question.answers.is_empty(), "{}", question.name);
            for answer in &question.answers {
                let mut variants = Variants::default();
                answer.give(&mut variants);
                let given = written(&variants);
                let changed: Vec<_> =
                    given.as_object().unwrap().iter().filter(|(key, value)| default[*key] != **value).collect();
                assert_eq!(changed.len(), 1, "{} {}: {changed:?}", question.name, answer.answer);
            }
        }
    }

    #[test]
    fn answers_to_two_questions_stand_side_by_side() {
        let mut variants = Variants::default();
        for question in Variants::questions() {
            question.answers.last().unwrap().give(&mut variants);
        }
        assert_eq!(variants.patch_of_active_flow, PatchOfActiveFlow::Reverted);
        assert_eq!((variants.stale_reads, variants.share_rows), (3, ShareRows::Administrator));
    }
}
