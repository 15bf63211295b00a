//! The window (placeholder while it is being written; the window's engineer replaces this file).

/// Which theme the window has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ThemeChoice {
    /// As the system has it.
    System,
    /// Light on dark.
    Dark,
    /// Dark on light.
    Light,
}

/// How the window begins.
#[derive(Clone, Debug)]
pub struct WindowOptions {
    /// What runs.
    pub beginning: crate::source::embedded::Beginning,
    /// What is shown.
    pub title: String,
    /// Which theme.
    pub theme: ThemeChoice,
}

/// Why there is no window.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum WindowError {
    /// There is no display.
    NoDisplay,
    /// The display refused.
    Failed(String),
}

/// Opens the window.
///
/// # Errors
/// When there is none to open.
pub fn run(_options: WindowOptions) -> Result<(), WindowError> {
    Err(WindowError::NoDisplay)
}
