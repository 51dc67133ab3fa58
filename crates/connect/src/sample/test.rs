//! A record of a sample as a test of the connector file.

use onefold_format::{RawRow, RowContent};
use onefold_mapping::DraftedTest;

use crate::map::{RecordContent, with_record};
use crate::read::InputContext;

/// Why a record is no test that its mapping gives events for.
pub(crate) const TOO_LARGE: &str =
    "it is refused for the size of its events, by a limit of the hub that tests do not know";
const UNREADABLE: &str = "it is refused before anything of it is mapped, as it stands in its file; a test holds values that were read, and \
                          says what the mapping makes of them";

/// The test that holds it, or why none does.
pub(crate) fn draft_test(
    context: &InputContext<'_>,
    rows: &[RawRow],
    content: &RecordContent<'_>,
) -> Result<DraftedTest, String> {
    // Decoded: a connector file is UTF-8, whatever its sources are.
    let text = match rows {
        [row] if row.sha256.is_none() && matches!(row.content, RowContent::Json(_) | RowContent::Record(..)) => {
            Some(context.origin.charset.show_text(&row.raw))
        }
        _ => None,
    };
    // Without what stands around it in its document, which decided of it.
    let is_part = matches!(rows, [RawRow { content: RowContent::Record(_, Some(_)), .. }]);
    match (content, &text) {
        (RecordContent::Ended(outcome), Some(text)) if !is_part => context.plan.draft_body_test(text, outcome),
        (RecordContent::Ended(_), _) => Err(UNREADABLE.to_owned()),
        (content, text) => with_record(&context.origin.resource, rows, content, |record| {
            context.plan.draft_test(record, &context.origin.layout.heading, text.as_deref())
        }),
    }
}
