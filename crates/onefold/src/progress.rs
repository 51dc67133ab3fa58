//! Progress with rate and time left in a terminal, none otherwise.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A bar over so many things; it hides itself where standard error is no terminal.
pub(crate) fn count_bar(total: u64, what: &str) -> ProgressBar {
    let template = "{msg} {wide_bar} {human_pos}/{human_len}  {per_sec}  {eta} left";
    styled_bar(ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr_with_hz(8)), template, what)
}

/// The same over bytes.
pub(crate) fn byte_bar(total: u64, what: &str) -> ProgressBar {
    let template = "{msg} {wide_bar} {bytes}/{total_bytes}  {bytes_per_sec}  {eta} left";
    styled_bar(ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr_with_hz(8)), template, what)
}

fn styled_bar(bar: ProgressBar, template: &str, what: &str) -> ProgressBar {
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    // Not drawn before something is known.
    bar.with_style(style).with_message(what.to_owned())
}
