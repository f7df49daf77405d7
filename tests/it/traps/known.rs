//! The traps, and the tests of each open question.

/// A trap that the embedded tenant always has.
pub(super) struct Trap {
    pub(super) what: &'static str,
    pub(super) source: &'static str,
    /// Tests of the embedded tenant.
    pub(super) sandbox: &'static [&'static str],
    /// Tests of powergrant.
    pub(super) powergrant: &'static [&'static str],
}

/// What holds for every trap: random tenants are read, planned, written, read back and planned again.
const RANDOM: &str = "random_tenants_converge_and_nothing_else_moves";
/// The same under each answer to an open question.
pub(super) const EACH_ANSWER: &str = "every_answer_to_an_open_question_is_coped_with";

pub(super) const TRAPS: &[Trap] = &[
    Trap {
        what: "rows that the caller may not read are left out of sets, not refused",
        source: "Learn: security roles and privileges; recorded sets",
        sandbox: &[
            "rows_that_the_caller_may_not_read_are_left_out",
            "sets_leave_out_what_single_rows_and_writes_refuse",
        ],
        powergrant: &["a_caller_who_reads_only_its_own_rows_plans_nothing"],
    },
    Trap {
        what: "a GET by a user's alternate key adds the user",
        source: "Learn: group teams with the Web API",
        sandbox: &["even_reading_by_that_key_brings_the_user_in"],
        powergrant: &[RANDOM, "plan_and_drift_leave_the_tenant_as_it_was"],
    },
    Trap {
        what: "a path segment of more than 260 characters, a URL of 32 KB (64 KB in a batch) and 500 conditions (300 for table definitions) are refused",
        source: "Learn: compose HTTP requests and handle errors; filter rows using OData; issues of public tools",
        sandbox: &["limits_of_conditions_and_segments_hold", "five_hundred_conditions_are_the_limit"],
        powergrant: &["alternatives_are_cut_by_conditions", "lists_are_cut_by_encoded_bytes"],
    },
    Trap {
        what: "Graph takes 15 values of 120 characters, and 20 requests in a batch",
        source: "Learn: advanced query capabilities; JSON batching; known issues",
        sandbox: &["filters_are_limited_as_the_service_limits_them", "a_batch_answers_each_request_in_any_order"],
        powergrant: &[
            "graph_takes_fifteen_values",
            "fifteen_names_are_one_request_and_a_longer_name_than_the_directory_compares_is_none",
        ],
    },
    Trap {
        what: "members of a group come into its team at their first access or by a sync",
        source: "Learn: manage group teams",
        sandbox: &[
            "a_group_team_is_empty_until_access_or_sync",
            "a_member_of_a_group_comes_into_its_team_at_the_first_access",
        ],
        powergrant: &[
            "a_plan_says_how_many_of_a_group_are_present",
            "a_team_is_synchronised_after_its_members_are_brought_in",
        ],
    },
    Trap {
        what: "a team's role without a privilege at User level leaves its members without any role",
        source: "Learn: manage group teams",
        sandbox: &["a_team_role_without_user_level_leaves_members_without_a_role"],
        powergrant: &["whoever_can_by_explain_can_by_the_tenant_and_a_fix_lets_him_and_is_no_more_than_needed"],
    },
    Trap {
        what: "a group team takes only roles that its members inherit",
        source: "Learn: web service error codes, AadGroupTeamsCanOnlyAssignInheritableRoles",
        sandbox: &["a_group_team_takes_only_roles_that_are_inherited"],
        powergrant: &[RANDOM],
    },
    Trap {
        what: "a managed environment forbids sharing of solution flows",
        source: "Learn: limit sharing in Managed Environments; recorded governance settings",
        sandbox: &[
            "a_managed_environment_may_forbid_sharing",
            "a_managed_environment_may_forbid_sharing_through_the_flow_service_too",
        ],
        powergrant: &["sharing_is_off_only_where_the_setting_says_so", RANDOM],
    },
    Trap {
        what: "a child flow takes no connections of its caller",
        source: "recorded: 0x80060467, ChildFlowUnsupportedForInvokerConnections",
        sandbox: &["a_child_flow_takes_no_connections_of_its_caller"],
        powergrant: &["a_child_flow_keeps_its_own_connections", RANDOM],
    },
    Trap {
        what: "Dataverse connections of the caller need an owner who may act for others, by a role of his own",
        source: "Learn: impersonate another user; manage Dataverse connections",
        sandbox: &["dataverse_for_the_caller_needs_an_owner_who_may_act_for_others"],
        powergrant: &[RANDOM],
    },
    Trap {
        what: "a change of owner needs the role's Assign, the right on the row is not enough",
        source: "third-party notes",
        sandbox: &["depth_decides_for_whom_a_row_may_be_made"],
        powergrant: &[],
    },
    Trap {
        what: "a share gives nothing to whom no role gives the privilege",
        source: "Learn: security roles and privileges",
        sandbox: &["a_share_works_only_with_the_privilege"],
        powergrant: &["a_share_without_a_role_gives_nobody_anything_and_is_not_called_a_gain"],
    },
    Trap {
        what: "the organisation itself is a principal of shares",
        source: "Learn: RetrieveSharedPrincipalsAndAccess",
        sandbox: &["a_share_with_the_whole_organisation_is_told_and_shares_are_told_by_the_service_alone"],
        powergrant: &["what_the_platform_keeps_survives_an_exact_list"],
    },
    Trap {
        what: "the team of an agent's editors, `<botid>_1`, is a co-owner of the agent's flows",
        source: "recorded: shares of a bot; field notes",
        sandbox: &["the_editors_of_an_agent_are_a_team_that_co_owns_its_flows"],
        powergrant: &["what_the_platform_keeps_survives_an_exact_list", RANDOM],
    },
    Trap {
        what: "`RetrieveSharedPrincipalsAndAccess` is not bound to the row: 404",
        source: "recorded: the unbound form; published `$metadata`",
        sandbox: &["a_share_with_the_whole_organisation_is_told_and_shares_are_told_by_the_service_alone"],
        powergrant: &[RANDOM],
    },
    Trap {
        what: "a role of the root business unit has a copy in every unit, and only the copy of the own unit can be held",
        source: "Learn: create or edit a security role; published role dumps",
        sandbox: &["a_role_of_the_root_has_a_copy_in_every_unit"],
        powergrant: &["a_user_is_assigned_the_copy_of_the_users_own_unit", RANDOM],
    },
    Trap {
        what: "a new role holds nine privileges that nobody asked for",
        source: "recorded: output of Microsoft's Web API sample",
        sandbox: &["a_new_role_holds_nine_privileges"],
        powergrant: &[RANDOM],
    },
    Trap {
        what: "service protection limits: 429 with `Retry-After`",
        source: "Learn: service protection API limits",
        sandbox: &["a_refusal_is_sent_once_and_carries_retry_after"],
        powergrant: &["a_throttled_read_waits_as_long_as_it_is_told", "a_throttled_write_is_sent_three_times_more"],
    },
];

/// Tests of powergrant and of the tenant for each open question, besides the two that walk through all answers.
pub(super) const QUESTIONS: &[(&str, &[&str])] = &[
    ("add_over_existing_privilege", &["adding_what_is_held_is_answered_by_the_variant"]),
    ("duplicate_association", &["associations_that_are_there_or_not_have_variants"]),
    ("absent_association", &["associations_that_are_there_or_not_have_variants"]),
    ("grant_over_existing_share", &["granting_over_a_share_is_answered_by_the_variant"]),
    (
        "patch_of_active_flow",
        &[
            "an_active_flow_is_written_as_the_variant_has_it",
            "nobody_is_added_to_a_flow_whose_connection_change_is_refused",
            "nobody_is_added_to_a_flow_whose_connection_change_is_undone",
        ],
    ),
    ("grant_without_privilege", &["a_principal_without_the_privilege_may_be_refused"]),
    (
        "revoked_share",
        &["a_revoked_share_may_stay_with_mask_zero", "a_revoked_share_that_was_not_cleaned_up_is_no_share"],
    ),
    ("stale_reads", &["reads_lag_behind_writes_unless_they_are_strong"]),
    ("stale_way", &["a_way_that_is_stale_for_a_while_is_asked_again", "what_only_another_way_shows_is_disputed_too"]),
    ("share_rows", &["rows_that_the_caller_may_not_read_are_left_out"]),
    ("remove_privilege_action", &["privileges_are_added_removed_and_replaced"]),
    (
        "forbidden_sharing",
        &[
            "a_managed_environment_may_forbid_sharing",
            "a_managed_environment_may_forbid_sharing_through_the_flow_service_too",
        ],
    ),
    ("embedded_under_app_trigger", &["an_app_trigger_may_set_a_connection_back"]),
    ("mode_effect", &["a_mode_may_take_effect_only_after_a_restart"]),
    ("role_copy_reads", &["privileges_of_roles_are_read_in_two_ways"]),
    (
        "run_requirements",
        &[
            "what_nobody_documents_stops_nobody_when_only_documents_decide",
            "whoever_can_by_explain_can_by_the_tenant_and_a_fix_lets_him_and_is_no_more_than_needed",
        ],
    ),
    ("share_point_privileges", &["privileges_for_sharepoint_come_back_or_stay_away"]),
    ("delete_of_held_role", &["a_role_that_somebody_holds_is_deleted_or_not"]),
    ("group_members", &["members_follow_their_group_at_each_access_or_only_when_a_cache_ends"]),
    ("user_by_id", &["an_application_may_be_refused_others_by_id_and_never_by_filter"]),
    ("co_owner_mask", &["a_co_owner_has_every_right_or_all_but_one"]),
    ("flow_service_shares", &["sharing_through_the_flow_service_may_do_nothing_to_the_row_or_be_refused"]),
    ("reference_check", &["connection_references_are_checked_when_a_flow_is_made_or_on_every_save"]),
    (
        "audit_history",
        &[
            "an_audit_log_that_leaves_out_who_and_when_is_asked_for_its_records",
            "where_nothing_is_audited_drift_is_told_all_the_same",
        ],
    ),
    ("assignment_audit", &["an_audit_log_that_leaves_out_who_and_when_is_asked_for_its_records"]),
];
