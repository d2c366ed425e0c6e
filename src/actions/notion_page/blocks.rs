//! Text in the pieces that Notion takes.
//!
//! Limits: 2,000 UTF-16 units a piece, 100 pieces a text, 100 blocks a request, 500 KB a request.

use serde_json::{Value, json};

/// Units in one piece.
const PIECE_MAX: usize = 2_000;
/// Pieces in one text.
const PIECES_MAX: usize = 100;
/// Blocks in one request.
const BLOCKS_MAX: usize = 100;
/// All of a page's text; the rest of the request needs room too.
const CONTENT_BYTES_MAX: usize = 350_000;

const MORE: char = '…';

/// A text as Notion's rich text; too long a one is cut and ends in `…`.
pub(super) fn rich_text(text: &str) -> Value {
    let clean: String = text
        .chars()
        .filter(|c| !c.is_control() || matches!(c, '\n' | '\t'))
        .collect();
    let mut pieces = pieces(&clean);
    if pieces.len() > PIECES_MAX {
        pieces.truncate(PIECES_MAX);
        if let Some(last) = pieces.last_mut() {
            while last.encode_utf16().count() >= PIECE_MAX {
                last.pop();
            }
            last.push(MORE);
        }
    }
    let piece = |content: String| json!({"type": "text", "text": {"content": content}});
    pieces.into_iter().map(piece).collect()
}

/// Cut between characters; not between the two halves of an emoji either.
fn pieces(text: &str) -> Vec<String> {
    let mut pieces = Vec::new();
    let mut piece = String::new();
    let mut units = 0;
    for c in text.chars() {
        if units + c.len_utf16() > PIECE_MAX {
            pieces.push(std::mem::take(&mut piece));
            units = 0;
        }
        piece.push(c);
        units += c.len_utf16();
    }
    if !piece.is_empty() {
        pieces.push(piece);
    }
    pieces
}

/// A text as paragraphs, a blank line between them. More paragraphs than Notion takes are kept in the
/// last one.
pub(super) fn paragraphs(text: &str) -> Vec<Value> {
    let text = text.replace("\r\n", "\n");
    let end = text.floor_char_boundary(CONTENT_BYTES_MAX);
    let cut = text.get(..end).unwrap_or_default();
    let mut paragraphs: Vec<String> = cut
        .split("\n\n")
        .map(|paragraph| paragraph.trim_matches('\n'))
        .filter(|paragraph| !paragraph.trim().is_empty())
        .map(str::to_owned)
        .collect();
    if paragraphs.len() > BLOCKS_MAX {
        let rest = paragraphs.split_off(BLOCKS_MAX - 1);
        paragraphs.push(rest.join("\n\n"));
    }
    if end < text.len()
        && let Some(last) = paragraphs.last_mut()
    {
        last.push(MORE);
    }
    let block = |text: &String| {
        json!({
            "object": "block",
            "type": "paragraph",
            "paragraph": {"rich_text": rich_text(text)},
        })
    };
    paragraphs.iter().map(block).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lengths(text: &str) -> Vec<usize> {
        let pieces = rich_text(text);
        let content = |piece: &Value| {
            piece["text"]["content"]
                .as_str()
                .unwrap()
                .encode_utf16()
                .count()
        };
        pieces.as_array().unwrap().iter().map(content).collect()
    }

    #[test]
    fn texts_in_pieces() {
        assert_eq!(lengths(""), [0_usize; 0]);
        assert_eq!(lengths(&"x".repeat(2000)), [2000]);
        assert_eq!(lengths(&"x".repeat(2001)), [2000, 1]);
        assert_eq!(lengths(&format!("{}😀", "x".repeat(1999))), [1999, 2]);
        let long = lengths(&"😀".repeat(150_000));
        assert_eq!(long.len(), 100);
        assert!(long.iter().all(|length| *length <= 2000));
        assert_eq!(rich_text("a\0\u{1b}b")[0]["text"]["content"], "ab");
    }

    #[test]
    fn paragraphs_fit_into_a_request() {
        assert_eq!(paragraphs("\n\n"), Vec::<Value>::new());
        let two = paragraphs("a\nb\r\n\r\n\n\nc");
        assert_eq!(two.len(), 2);
        assert_eq!(
            two[0]["paragraph"]["rich_text"][0]["text"]["content"],
            "a\nb"
        );
        let many = paragraphs(&"p\n\n".repeat(101));
        assert_eq!(many.len(), 100);
        assert_eq!(
            many[99]["paragraph"]["rich_text"][0]["text"]["content"],
            "p\n\np"
        );
        let huge = Value::from(paragraphs(&"ä".repeat(500_000))).to_string();
        assert!(
            huge.len() < 500_000 && huge.contains(MORE),
            "{}",
            huge.len()
        );
        let many_huge = Value::from(paragraphs(&format!("{}\n\n", "x".repeat(999)).repeat(1000)));
        assert!(many_huge.to_string().len() < 500_000);
    }
}
