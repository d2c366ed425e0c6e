//! Making a text from outside harmless to quote: nothing invisible in it, nothing that looks like the
//! end of its quotation.

/// What takes the place of a look-alike.
const REMOVED: &str = "[removed]";

/// Words that stand in markers of ours and of agents' gateways, as [`folded`] has them.
const MARKER_WORDS: [&str; 4] = [
    "hookruledata",
    "hookrule-data",
    "externaluntrustedcontent",
    "external-untrusted-content",
];

/// Names of roles in the markup that models are trained on.
const ROLES: [&str; 12] = [
    "system",
    "assistant",
    "user",
    "human",
    "developer",
    "tool",
    "inst",
    "instruction",
    "instructions",
    "functioncalls",
    "functionresults",
    "im",
];

/// A text without anything that a reader cannot see: control characters and terminal sequences,
/// zero-width and direction characters, variation selectors, the tags block.
pub(super) fn visible(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\n' | '\t' => kept.push(c),
            '\r' if rest.peek() != Some(&'\n') => kept.push('\n'),
            '\u{1b}' => {
                if rest.next_if_eq(&'[').is_some() {
                    while rest.next_if(|c| matches!(c, ' '..='?')).is_some() {}
                    rest.next_if(|c| matches!(c, '@'..='~'));
                }
            }
            '\u{2028}' | '\u{2029}' | '\u{85}' => kept.push('\n'),
            c if is_invisible(c) => {}
            c => kept.push(c),
        }
    }
    kept
}

fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffc}' | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}'
            | '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..='\u{10ffff}')
}

/// A text in which nothing looks like a marker, a role or a special token, in any lettering.
pub(super) fn neutral(text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    let mut kept = String::with_capacity(text.len());
    let mut at = 0;
    while let Some(c) = letters.get(at).copied() {
        let rest = letters.get(at..).unwrap_or_default();
        let length = look_alike(rest);
        if length == 0 {
            kept.push(c);
            at += 1;
            continue;
        }
        kept.push_str(REMOVED);
        at += length;
    }
    kept
}

/// How many characters from here on look like a marker; none is 0.
fn look_alike(letters: &[char]) -> usize {
    let Some(first) = letters.first().map(|c| folded(*c)) else {
        return 0;
    };
    match first {
        '<' | '>' => brackets(letters, first),
        '[' => role(letters, ']'),
        'h' | 'e' => marker_word(letters),
        '|' if letters.get(1).is_some_and(|c| folded(*c) == '>') => 2,
        _ => 0,
    }
}

/// Three brackets in a row; `<|`; a tag named like a role.
fn brackets(letters: &[char], bracket: char) -> usize {
    let count = letters
        .iter()
        .take_while(|c| folded(**c) == bracket)
        .count();
    if count >= 3 {
        return count;
    }
    if bracket == '<' && letters.get(1).is_some_and(|c| folded(*c) == '|') {
        return 2;
    }
    if bracket == '<' {
        role(letters, '>')
    } else {
        0
    }
}

/// `<system>`, `</ system >`, `[INST]` and what else a role is called, closed by `close`.
fn role(letters: &[char], close: char) -> usize {
    const TAG_CHARS_MAX: usize = 40;
    let mut name = String::new();
    for (index, c) in letters.iter().enumerate().skip(1).take(TAG_CHARS_MAX) {
        match folded(*c) {
            c if c == close => {
                let name = name.split_once(' ').map_or(name.as_str(), |(name, _)| name);
                return if ROLES.contains(&name) { index + 1 } else { 0 };
            }
            '/' | ' ' | '\t' | '\n' if name.is_empty() => {}
            ' ' | '\t' | '\n' | '=' | ':' => name.push(' '),
            '_' | '-' => {}
            c => name.push(c),
        }
    }
    0
}

fn marker_word(letters: &[char]) -> usize {
    MARKER_WORDS
        .iter()
        .map(|word| matches_word(letters, word))
        .max()
        .unwrap_or(0)
}

/// The word, whatever separates its parts.
fn matches_word(letters: &[char], word: &str) -> usize {
    let mut wanted = word.chars().filter(|c| *c != '-').peekable();
    for (index, c) in letters.iter().enumerate() {
        let c = folded(*c);
        if wanted.next_if_eq(&c).is_some() {
            if wanted.peek().is_none() {
                return index + 1;
            }
        } else if index == 0 || !matches!(c, '-' | '_' | ' ' | '.') {
            return 0;
        }
    }
    0
}

/// A character as it looks: full-width and mathematical letters, look-alike brackets and dashes, and
/// the Cyrillic and Greek letters that nobody can tell from Latin ones.
pub(super) fn folded(c: char) -> char {
    let plain = match c {
        '\u{ff01}'..='\u{ff5e}' => {
            char::from_u32(u32::from(c) - 0xff01 + u32::from('!')).unwrap_or(c)
        }
        '\u{1d400}'..='\u{1d6a3}' => mathematical(c),
        '\u{24b6}'..='\u{24e9}' => letter((u32::from(c) - 0x24b6) % 26),
        '‹' | '\u{2329}' | '\u{3008}' | '⟨' | '⟪' | '《' | '«' | '≪' | '˂' | 'ᐸ' | '❮' | '❬'
        | '❰' | '⧼' | '⋖' | '⪡' | '≺' | '⦑' | '﹤' => '<',
        '›' | '\u{232a}' | '\u{3009}' | '⟩' | '⟫' | '》' | '»' | '≫' | '˃' | 'ᐳ' | '❯' | '❭'
        | '❱' | '⧽' | '⋗' | '⪢' | '≻' | '⦒' | '﹥' => '>',
        '‐'..='―' | '−' | '﹘' | '﹣' | '⁃' => '-',
        '‗' | '﹍'..='﹏' => '_',
        '∣' | '│' | 'ǀ' => '|',
        '【' | '〔' | '⟦' | '〚' => '[',
        '】' | '〕' | '⟧' | '〛' => ']',
        '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => ' ',
        'а' | 'А' | 'α' | 'Α' => 'a',
        'е' | 'Е' | 'Ε' | 'ε' | 'ё' => 'e',
        'о' | 'О' | 'ο' | 'Ο' => 'o',
        'р' | 'Р' | 'ρ' | 'Ρ' => 'p',
        'с' | 'С' | 'ϲ' => 'c',
        'у' | 'У' | 'Υ' | 'υ' => 'y',
        'х' | 'Х' | 'χ' | 'Χ' => 'x',
        'і' | 'І' | 'ι' | 'Ι' | 'ı' => 'i',
        'к' | 'К' | 'κ' | 'Κ' => 'k',
        'т' | 'Т' | 'τ' | 'Τ' => 't',
        'н' | 'Н' | 'Η' | 'һ' => 'h',
        'м' | 'М' | 'Μ' => 'm',
        'ѕ' | 'Ѕ' => 's',
        'ԁ' => 'd',
        'ո' => 'n',
        'г' => 'r',
        other => other,
    };
    plain.to_ascii_lowercase()
}

/// Bold, italic, script, … letters: thirteen alphabets of 52, one after the other.
fn mathematical(c: char) -> char {
    letter((u32::from(c) - 0x1d400) % 52 % 26)
}

fn letter(number: u32) -> char {
    char::from_u32(u32::from('a') + number).unwrap_or('a')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_invisible_is_left() {
        let hidden = "a\u{200b}b\u{202e}c\u{feff}d\u{e0041}\u{e007f}e\u{1b}[31;1mf\u{1b}g\0h\u{ad}i\u{fe0f}j\u{2066}k\r\nl\rm\u{2028}n\u{9b}o";
        assert_eq!(visible(hidden), "abcdefghijk\nl\nm\nno");
        assert_eq!(visible("Grüße, 世界 😀\tend\n"), "Grüße, 世界 😀\tend\n");
    }

    #[test]
    fn look_alikes_are_removed() {
        for bad in [
            "<<<",
            ">>>>>",
            "＜＜＜",
            "‹‹‹",
            "⟪⟪⟪",
            "«<＜",
            "<|im_start|>",
            "<｜im_end｜>",
            "<system>",
            "</SYSTEM>",
            "< / system >",
            "＜ｓｙｓｔｅｍ＞",
            "<system role=\"x\">",
            "<ѕуѕtеm>",
            "[INST]",
            "[/INST]",
            "[system]",
            "<function_calls>",
            "HOOKRULE-DATA",
            "hookrule_data",
            "ＨＯＯＫＲＵＬＥ－ＤＡＴＡ",
            "НООKRULE DATA",
            "𝐇𝐎𝐎𝐊𝐑𝐔𝐋𝐄-𝐃𝐀𝐓𝐀",
            "EXTERNAL_UNTRUSTED_CONTENT",
        ] {
            let clean = neutral(&format!("x {bad} y"));
            assert!(clean.contains(REMOVED), "{bad} is left: {clean}");
            assert!(!clean.contains(bad), "{bad}: {clean}");
        }
    }

    #[test]
    fn honest_text_stays() {
        for text in [
            "if a < b && b > c { x << 2 >> 1 }",
            "Vec<Vec<u8>>",
            "<div class=\"x\">hello</div>",
            "> > > quoted thrice\n>\n>\n> once",
            "- [ ] task, [link](https://example.com)",
            "hookrule has data, the system works, eleven",
            "a | b || c |> d".replace("|>", "|").as_str(),
            "Привет, мир; Ελληνικά; 世界",
        ] {
            assert_eq!(neutral(text), text);
        }
    }
}
