//! The stable numbers of findings.
//!
//! `HR00xx` files and YAML, `HR01xx` rules, `HR02xx` conditions, `HR03xx` templates, paths and programs,
//! `HR04xx` actions, `HR05xx` hookrule.yaml, `HR06xx` provider definitions, `HR07xx` tests in rule files,
//! `HR08xx` imported files.
//!
//! A new one needs a text `explained/HR0101.md` beside this file. A test runs the examples in it:
//! what is wrong must be found under that code, and what is right must pass without a word.

/// A finding's stable number. Numbers are never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code(&'static Entry);

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Entry {
    id: &'static str,
    title: &'static str,
    explanation: &'static str,
}

impl Code {
    /// The number, as in `HR0101`.
    pub const fn id(self) -> &'static str {
        self.0.id
    }

    /// What the number stands for, in a few words.
    pub const fn title(self) -> &'static str {
        self.0.title
    }

    /// What it means at length, with an example of what is wrong and what is right: the text of
    /// `explained/HR0101.md`. An example is a file: its first line is a comment with its path.
    pub const fn explanation(self) -> &'static str {
        self.0.explanation
    }
}

macro_rules! codes {
    ($($name:ident $id:literal $title:literal),* $(,)?) => {
        $(#[doc = $title] pub const $name: Code = Code(&Entry {
            id: $id,
            title: $title,
            explanation: include_str!(concat!("explained/", $id, ".md")),
        });)*
        /// Every code, in order.
        pub const ALL: &[Code] = &[$($name),*];
    };
}

codes! {
    UNREADABLE "HR0001" "a file that cannot be read",
    YAML "HR0002" "text that is not YAML",
    DUPLICATE_KEY "HR0003" "a key written twice in one map",
    UNKNOWN_KEY "HR0004" "a key that means nothing here",
    MISSING_KEY "HR0005" "a key that must be there",
    WRONG_TYPE "HR0006" "a value of the wrong type",
    BAD_VALUE "HR0007" "a value that cannot be used",
    TOO_LARGE "HR0008" "a file or value over its limit",
    IDLE_COMMENT "HR0009" "a comment to hookrule that does nothing",
    MISLEADING "HR0010" "text that YAML reads in another way than it looks",
    EMPTY_KEY "HR0011" "a key with nothing behind it",
    DUPLICATE_RULE "HR0101" "two rules with one name",
    DUPLICATE_ACTION "HR0102" "two actions of a rule with one name",
    NO_ACTIONS "HR0103" "a rule without actions",
    UNKNOWN_PROVIDER "HR0104" "a provider that does not exist",
    UNKNOWN_SOURCE "HR0105" "a source that does not exist",
    FOREIGN_EVENT_NAME "HR0106" "an event name in the sender's spelling",
    BAD_GATE "HR0107" "a gate that cannot be passed",
    UNKNOWN_EVENT "HR0108" "an event that the provider never sends",
    MORE_EVENTS "HR0109" "an event that comes more often than is meant",
    UNKNOWN_TEMPLATE "HR0110" "a template that does not exist",
    UNUSED "HR0111" "a name that nothing uses",
    NOT_GIVEN "HR0112" "what a namespace was not given",
    NEVER_MATCHES "HR0113" "a rule that can never match",
    TWIN_RULES "HR0114" "two rules that do the same",
    WRITTEN_SECRET "HR0115" "a credential written in a rule file",
    EVERY_EVENT "HR0116" "a rule that every event matches",
    UNKNOWN_OPERATOR "HR0201" "an operator that does not exist",
    BAD_OPERAND "HR0202" "an operand that its operator cannot use",
    MIXED_NEGATION "HR0203" "a negative operator beside others over several values",
    NO_SUBJECT "HR0204" "a condition that tests nothing",
    UNKNOWN_PATH "HR0205" "a path that the event does not have",
    OTHER_TYPE "HR0206" "an operand of a type that the value never has",
    DIFFERENT_ITEMS "HR0207" "two conditions that different items of one list may meet",
    BAD_PATH "HR0301" "a JSONPath that cannot be read",
    BAD_TEMPLATE "HR0302" "a template that cannot be read",
    UNKNOWN_VARIABLE "HR0303" "a template variable that never exists",
    UNKNOWN_HELPER "HR0304" "a template helper that does not exist",
    UNESCAPED "HR0305" "a value put into a template without escaping",
    BAD_PROGRAM "HR0306" "a jq program that cannot be read",
    UNKNOWN_ACTION "HR0401" "an action kind that does not exist",
    UNKNOWN_DESTINATION "HR0402" "a destination that does not exist",
    WRONG_DESTINATION "HR0403" "a destination of another kind",
    NO_DESTINATION "HR0404" "an action without a destination",
    PAYLOAD_IN_MESSAGE "HR0405" "payload text inside an agent's instruction",
    OVER_LIMIT "HR0406" "text longer than its receiver takes",
    UNPROVEN "HR0407" "less proof than a task for an agent needs",
    NO_SECRET "HR0501" "a source without a secret",
    WEAK_SECRET "HR0502" "a secret that is empty or short",
    UNSET_VARIABLE "HR0503" "an environment variable or file that is not there",
    AMBIGUOUS_SOURCES "HR0504" "two sources that the nameless route cannot tell apart",
    UNSIGNED_SOURCE "HR0505" "a source that takes unsigned events",
    BAD_ADDRESS "HR0506" "an address that cannot be used",
    OPEN_SECRET "HR0507" "a file with a credential that everybody may read",
    BAD_DEFINITION "HR0601" "a provider definition that contradicts itself",
    FAILED_VECTOR "HR0602" "a provider definition whose own vector fails",
    FAILED_TEST "HR0701" "a test in a rule file that fails",
    UNKNOWN_RULE "HR0702" "a test of a rule that is not there",
    NOT_CARRIED "HR0801" "a part of an imported file that has no counterpart",
}

#[cfg(test)]
mod tests {
    use super::ALL;

    #[test]
    fn numbers_are_unique_and_in_order() {
        assert!(ALL.windows(2).all(|pair| pair[0].id() < pair[1].id()));
    }
}
