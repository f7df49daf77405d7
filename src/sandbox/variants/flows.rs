//! Open questions about flows.
use serde::{Deserialize, Serialize};

/// See [`super::Variants::patch_of_active_flow`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum PatchOfActiveFlow {
    /// It is taken and the flow stays on (public clients do it; field notes).
    #[default]
    Accepted,
    /// 403 `ConnectionAuthorizationFailed` (issues of the Center of Excellence kit).
    Refused,
    /// It is taken, and the flow is off afterwards (public client: always re-read the state).
    TurnsOff,
    /// It is taken, and the text is what it was (third-party measurement).
    Reverted,
}

/// See [`super::Variants::embedded_under_app_trigger`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum EmbeddedUnderAppTrigger {
    /// What was written stays.
    #[default]
    Kept,
    /// The service makes it `invoker` again (third-party measurement; 57 of 59 published references fit).
    SetBack,
}

/// See [`super::Variants::mode_effect`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ModeEffect {
    /// At once (public client: edits of a flow's text are live immediately).
    #[default]
    AtOnce,
    /// When it was turned off and on again (third-party notes on a child flow).
    AfterRestart,
}

/// See [`super::Variants::run_requirements`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RunRequirements {
    /// Only what Microsoft documents or an answer of the service shows.
    Documented,
    /// Also what people report: it reproduces the forum's failure.
    #[default]
    Reported,
    /// Also what nobody says but is plausible.
    Assumed,
}

/// See [`super::Variants::reference_check`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ReferenceCheck {
    /// When the flow is made or turned on, not when its text is changed (field notes).
    #[default]
    OnCreation,
    /// On every save (recorded: a co-developer without the reference is refused with `0x80048306`).
    OnEverySave,
}
