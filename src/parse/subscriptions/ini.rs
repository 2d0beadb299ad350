//! The ini dialect of Python's `ConfigParser`, which Planet and Venus read their configuration with. The
//! ini crates stop at the first broken line, know no `[DEFAULT]` and forget line numbers, hence this.
//! In: text. Out: sections and problems, by line. Must not know: what the sections mean.

use entity::UserErrorCode;

use super::{Problem, shorten};

/// A whole file.
#[derive(Debug, Default)]
pub struct Ini {
    /// In order; what stands before the first header is a section without a name.
    pub sections: Vec<Section>,
    /// Lines that are neither header, option, continuation nor comment.
    pub problems: Vec<Problem>,
}

/// One section.
#[derive(Debug, Default)]
pub struct Section {
    /// Of its header, counted from 1.
    pub line: usize,
    /// What stands between the brackets.
    pub name: String,
    /// Name in lower case, value without quotes; a later one of the same name wins.
    options: Vec<(String, String)>,
}

impl Section {
    /// An option's value, when it is there and not empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        let mut newest_first = self.options.iter().rev();
        let (_, value) = newest_first.find(|(written, _)| written == name)?;
        Some(unquoted(value)).filter(|value| !value.is_empty())
    }
}

/// Reads a file; never fails.
pub fn read(document: &str) -> Ini {
    let mut ini = Ini::default();
    let mut section = Section::default();
    let mut depth_of_option = None;
    for (line, text) in (1..).zip(document.lines()) {
        let trimmed = text.trim();
        let depth = text.len() - text.trim_start().len();
        if trimmed.is_empty() || trimmed.starts_with(['#', ';']) {
            continue;
        }
        // An option goes on in lines that stand deeper than its own.
        let goes_on = depth_of_option.is_some_and(|option| depth > option);
        if let (true, Some((_, value))) = (goes_on, section.options.last_mut()) {
            value.push('\n');
            value.push_str(without_comment(trimmed));
        } else if let Some(name) = header(trimmed) {
            ini.sections.push(std::mem::take(&mut section));
            section.line = line;
            name.clone_into(&mut section.name);
            depth_of_option = None;
        } else if let Some((name, value)) = trimmed.split_once(['=', ':']) {
            let value = without_comment(value.trim()).to_owned();
            section.options.push((name.trim().to_lowercase(), value));
            depth_of_option = Some(depth);
        } else {
            ini.problems.push(Problem {
                line,
                text: shorten(trimmed),
                code: UserErrorCode::MalformedDocument,
                message: "expected \"[URL of a feed]\", \"option = value\" or a comment".to_owned(),
            });
        }
    }
    ini.sections.push(section);
    ini
}

fn header(line: &str) -> Option<&str> {
    let (name, _) = line.strip_prefix('[')?.rsplit_once(']')?;
    Some(name.trim())
}

/// What comes after white space and a semicolon is a comment.
fn without_comment(value: &str) -> &str {
    let cut = value.match_indices(';').find(|(at, _)| {
        let before = value.get(..*at).unwrap_or_default();
        before.is_empty() || before.ends_with(char::is_whitespace)
    });
    let kept = cut.and_then(|(at, _)| value.get(..at));
    kept.unwrap_or(value).trim_end()
}

fn unquoted(value: &str) -> &str {
    let inside = |quote: char| value.strip_prefix(quote)?.strip_suffix(quote);
    inside('"').or_else(|| inside('\'')).unwrap_or(value).trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_go_on_in_deeper_lines_and_later_ones_win() {
        let ini = read(
            "[s]\nfilters = one\n   two ; aside\nName: x\n# c\nname = \"Menno's; Musings\" ; note\n",
        );
        let section = &ini.sections[1];
        assert_eq!(section.line, 1);
        assert_eq!(section.get("filters"), Some("one\ntwo"));
        assert_eq!(section.get("name"), Some("Menno's; Musings"));
        assert_eq!(section.get("none"), None);
        assert_eq!(ini.problems, []);
    }

    #[test]
    fn indented_options_are_options_and_broken_lines_have_numbers() {
        let ini = read("title = T\n[a]\n  title = A\n  feed = http://a/\nwhat is this\n[b]\nx\n");
        assert_eq!(ini.sections[0].get("title"), Some("T"));
        assert_eq!(ini.sections[1].get("feed"), Some("http://a/"));
        let lines: Vec<usize> = ini.problems.iter().map(|problem| problem.line).collect();
        assert_eq!(lines, [5, 7]);
    }
}
