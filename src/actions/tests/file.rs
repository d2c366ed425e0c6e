//! `file`, down to what lies on disk.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::{Value, json};

use super::{check, destination, hostile, perform, prepare, word};

/// A folder that goes with its test.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let name = format!("hookrule-file-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn root(&self) -> PathBuf {
        self.0.join("root")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

async fn write(root: &Path, config: &str, payload: &Value) -> String {
    let there = destination(&format!("{{file: {{root: {}}}}}", root.display()));
    match prepare("file", config, payload) {
        Ok(data) => word(&perform("file", data, &there).await),
        Err(error) => format!("unprepared: {}", error.message),
    }
}

#[tokio::test]
async fn lines_are_appended_and_files_written_whole() {
    let folder = Folder::new();
    let root = folder.root();
    let json_line =
        "{path: \"a/{{payload.name}}.jsonl\", content: {t: \"{{payload.title}}\", n: 1.50}}";
    assert_eq!(write(&root, json_line, &hostile()).await, "done");
    assert_eq!(write(&root, json_line, &hostile()).await, "done");
    let line = "{\"t\":\"x\\\",\\\"admin\\\":true,\\\"y\\\":\\\"\",\"n\":1.50}\n";
    let path = root.join("a/octo%20repo%2F%C3%BC.jsonl");
    assert_eq!(fs::read_to_string(&path).unwrap(), line.repeat(2));
    assert_eq!(
        fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o600
    );

    let text = "{path: b.txt, content: \"got {{payload.line}}\"}";
    assert_eq!(write(&root, text, &hostile()).await, "done");
    assert_eq!(
        fs::read_to_string(root.join("b.txt")).unwrap(),
        "got a\\r\\nX-Injected: yes\n"
    );

    let whole = "{path: b.txt, mode: write, content: \"{{payload.line}}\"}";
    assert_eq!(write(&root, whole, &hostile()).await, "done");
    assert_eq!(
        fs::read_to_string(root.join("b.txt")).unwrap(),
        "a\r\nX-Injected: yes"
    );
    let left: Vec<_> = fs::read_dir(&root)
        .unwrap()
        .map(|e| e.unwrap().file_name())
        .collect();
    assert_eq!(left.len(), 2, "{left:?}");
}

#[tokio::test]
async fn nothing_is_written_outside() {
    let folder = Folder::new();
    let root = folder.root();
    fs::create_dir_all(&root).unwrap();
    let outside = folder.0.join("outside");
    fs::create_dir_all(&outside).unwrap();
    symlink(&outside, root.join("link")).unwrap();
    fs::write(outside.join("target"), "untouched").unwrap();
    symlink(outside.join("target"), root.join("file")).unwrap();
    fs::write(root.join("plain"), "").unwrap();

    for path in [
        "{{payload.dots}}",
        "{{payload.dots}}/x",
        "a/{{{payload.path}}}",
        "{{payload.hidden}}/x",
    ] {
        let config = format!("{{path: '{path}', content: x}}");
        let mut payload = hostile();
        payload["hidden"] = json!(".ssh");
        let said = write(&root, &config, &payload).await;
        assert!(said.starts_with("unprepared"), "{path}: {said}");
    }
    for path in ["link/x", "file", "plain/x", "link"] {
        for mode in ["append", "write"] {
            let config = format!("{{path: {path}, mode: {mode}, content: x}}");
            let said = write(&root, &config, &json!({})).await;
            assert_eq!(said, "reject, gone: false", "{path} {mode}");
        }
    }
    assert_eq!(
        fs::read_to_string(outside.join("target")).unwrap(),
        "untouched"
    );
    assert_eq!(fs::read_dir(&outside).unwrap().count(), 1);
}

#[test]
fn what_check_says() {
    for path in ["/etc/passwd", "../x", "a/../b", ".x", "a//b"] {
        let said = check("file", &format!("{{path: {path}, content: x}}"));
        assert!(
            said.len() == 1 && said[0].contains("HR0007"),
            "{path}: {said:?}"
        );
    }
    assert!(check("file", "{path: a, content: x, mode: delete}")[0].contains("not a mode"));
    assert_eq!(check("file", "{}").len(), 2);
}
