//! What stands guard over access and gives none: rules of policies that are off, weaker, or excepted from.
//!
//! Rails that keep what is there from being taken (`max-removals`, `min-admins`, `required-admins`, `protected`) let nobody
//! gain anything when they are loosened, so they are not compared.
use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::words::identity;
use crate::compile::desired::{Desired, DesiredEnvironment, Policy, PolicyRule, PolicyRules, Weight};
use crate::finding::Finding;
use crate::kinds::policy::risk::Risk;
use crate::place::Place;
use crate::rules::Rule;

/// Says of every environment of both what its policies do not ask any more.
pub(super) fn loosened(baseline: &Desired, now: &Desired) -> Vec<Finding> {
    let mut findings = Vec::new();
    for after in &now.environments {
        let name = &after.environment.name;
        let before = baseline.environments.iter().find(|other| other.environment.name == *name);
        for words in before.into_iter().flat_map(|before| loosened_in(before, after)) {
            let place = after.policies.first().map_or(&after.environment.place, |policy| &policy.place);
            findings.push(Finding::error(Rule::NewAccess, place, format!("{name}, policy: {words}")));
        }
    }
    findings
}

fn loosened_in(before: &DesiredEnvironment, after: &DesiredEnvironment) -> Vec<String> {
    let (before, after) = (Guards::of(&before.policies), Guards::of(&after.policies));
    let mut words = Vec::new();
    for (rule, weight) in &before.rules {
        match after.rules.get(rule) {
            None => words.push(format!("{rule} is off, and {} in the baseline", word(*weight))),
            Some(Weight::Warning) if *weight == Weight::Error => {
                words.push(format!("{rule} is a warning, and an error in the baseline"));
            }
            Some(Weight::Warning | Weight::Error) => {}
        }
    }
    for ((rule, who), until) in &after.exceptions {
        let known = before.exceptions.get(&(*rule, who.clone()));
        match known {
            // The further day counts; none is for ever.
            Some(None) => {}
            Some(Some(day)) if until.is_some_and(|until| until <= *day) => {}
            Some(_) => words.push(format!("{who} is excepted from {rule} for longer than in the baseline")),
            // What was no rule then is not weakened by an exception now.
            None if before.rules.contains_key(rule) => {
                words.push(format!("{who} is excepted from {rule}, and not in the baseline"));
            }
            None => {}
        }
    }
    let missing = before.everyone.difference(&after.everyone);
    words.extend(missing.map(|who| format!("{who} does not stand for everyone any more")));
    words.extend(before.risk.difference(&after.risk).map(|risk| format!("{risk} is no more")));
    words
}

/// What the policies of an environment ask together.
#[derive(Default)]
struct Guards {
    rules: BTreeMap<&'static str, Weight>,
    exceptions: BTreeMap<(&'static str, String), Option<Date>>,
    everyone: BTreeSet<String>,
    /// Grades and rules of risk, in words.
    risk: BTreeSet<String>,
}

impl Guards {
    fn of(policies: &[Policy]) -> Self {
        let mut guards = Self::default();
        for Policy { place: Place { .. }, rules, everyone, exceptions, risk } in policies {
            for (rule, weight) in switched_on(rules) {
                let known = guards.rules.entry(rule).or_insert(weight);
                if weight == Weight::Error {
                    *known = weight;
                }
            }
            for (rule, member) in exceptions {
                let known = guards.exceptions.entry((name(*rule), identity(member))).or_insert(member.expires);
                *known = known.zip(member.expires).map(|(one, other)| one.max(other));
            }
            guards.everyone.extend(everyone.iter().map(identity));
            let Risk { grades, rules } = risk;
            guards.risk.extend(grades.iter().map(|(rule, grade)| format!("the risk {} of {rule}", grade.word())));
            guards.risk.extend(rules.iter().map(|rule| format!("the risk {} of {}", rule.grade.word(), rule.id)));
        }
        guards
    }
}

fn switched_on(rules: &PolicyRules) -> impl Iterator<Item = (&'static str, Weight)> {
    // Destructured so that a new rule does not compile until it is compared.
    let PolicyRules {
        groups_only,
        no_direct_admins,
        no_guest_owners,
        no_shared_connection_for_everyone,
        expiry_required,
        no_organization_write,
    } = *rules;
    let all = [
        (name(PolicyRule::GroupsOnly), groups_only),
        (name(PolicyRule::NoDirectAdmins), no_direct_admins),
        (name(PolicyRule::NoGuestOwners), no_guest_owners),
        (name(PolicyRule::NoSharedConnectionForEveryone), no_shared_connection_for_everyone),
        (name(PolicyRule::ExpiryRequired), expiry_required),
        (Rule::NoOrganizationWrite.id(), no_organization_write),
    ];
    all.into_iter().filter_map(|(name, weight)| Some((name, weight?)))
}

fn name(rule: PolicyRule) -> &'static str {
    match rule {
        PolicyRule::GroupsOnly => Rule::GroupsOnly.id(),
        PolicyRule::NoDirectAdmins => Rule::NoDirectAdmins.id(),
        PolicyRule::NoGuestOwners => Rule::NoGuestOwners.id(),
        PolicyRule::NoSharedConnectionForEveryone => Rule::NoSharedConnectionForEveryone.id(),
        PolicyRule::ExpiryRequired => Rule::ExpiryRequired.id(),
    }
}

fn word(weight: Weight) -> &'static str {
    match weight {
        Weight::Error => "an error",
        Weight::Warning => "a warning",
    }
}
