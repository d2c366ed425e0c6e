//! The socket in the store's folder: questions and answers, one JSON text a line.
//!
//! Only the user that runs hookrule can open it (mode 0600 in a folder of mode 0700), and whoever can
//! has all rights: that user could read the store itself.

use std::fs;
use std::io;
use std::os::fd::AsRawFd as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tokio::io::{
    AsyncBufRead, AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader,
};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use super::{Answer, Operator, OperatorError, Question};

/// The socket's name in the store's folder.
pub(super) const NAME: &str = "hookrule.sock";
/// The longest path that a socket address is sure to hold, in bytes.
const ADDRESS_BYTES_MAX: usize = 100;
/// The longest question, in bytes; one that names a thousand jobs has 50 KiB.
const QUESTION_BYTES_MAX: usize = 1024 * 1024;
/// The longest answer that is read, in bytes.
const ANSWER_BYTES_MAX: usize = 1024 * 1024 * 1024;
/// People and scripts that are answered at once; others wait.
const CONNECTIONS_MAX: usize = 32;

/// A socket that cannot be opened.
#[derive(Debug, thiserror::Error)]
#[error("the socket {} cannot be opened: {error}", path.display())]
pub struct SocketError {
    path: PathBuf,
    #[source]
    error: io::Error,
}

/// What goes over the socket as an answer.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Reply {
    Answer(Answer),
    Error(OperatorError),
}

/// The open socket; it is closed and removed when this is dropped.
#[derive(Debug)]
pub struct Socket {
    path: PathBuf,
    task: JoinHandle<()>,
}

impl Socket {
    /// Answers on the socket in the folder of a store that this process holds the lock of; a socket
    /// that an earlier process left there is replaced.
    ///
    /// # Errors
    /// The socket cannot be made.
    pub fn open(folder: &Path, operator: Arc<dyn Operator>) -> Result<Self, SocketError> {
        let path = folder.join(NAME);
        let listener = listen(folder, &path).map_err(|error| SocketError {
            path: path.clone(),
            error,
        })?;
        let task = tokio::spawn(accept(listener, operator));
        Ok(Self { path, task })
    }
}

impl Socket {
    /// Closes it, and returns when nobody is being answered any more: the store is free then.
    pub async fn close(mut self) {
        self.task.abort();
        let _ = (&mut self.task).await;
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.task.abort();
        let _ = fs::remove_file(&self.path);
    }
}

fn listen(folder: &Path, path: &Path) -> io::Result<UnixListener> {
    use std::os::unix::fs::PermissionsExt as _;
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let (short, _folder) = short(folder)?;
    let listener = UnixListener::bind(short)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
    Ok(listener)
}

/// A path to the socket that fits into a socket address (about 100 bytes), and what keeps it valid.
fn short(folder: &Path) -> io::Result<(PathBuf, Option<fs::File>)> {
    let path = folder.join(NAME);
    if path.as_os_str().len() <= ADDRESS_BYTES_MAX || !cfg!(target_os = "linux") {
        return Ok((path, None));
    }
    let folder = fs::File::open(folder)?;
    let path = format!("/proc/self/fd/{}/{NAME}", folder.as_raw_fd());
    Ok((path.into(), Some(folder)))
}

/// Opens the socket of a folder from the other side.
pub(super) async fn connect(folder: &Path) -> io::Result<UnixStream> {
    let (short, _folder) = short(folder)?;
    UnixStream::connect(short).await
}

async fn accept(listener: UnixListener, operator: Arc<dyn Operator>) {
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let mut conversations = tokio::task::JoinSet::new();
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else {
            return;
        };
        while conversations.try_join_next().is_some() {}
        match listener.accept().await {
            Ok((stream, _)) => {
                let operator = Arc::clone(&operator);
                conversations.spawn(async move {
                    let _place = place;
                    if let Err(error) = converse(stream, operator).await {
                        tracing::debug!(%error, "a conversation on the socket broke off");
                    }
                });
            }
            Err(error) => {
                tracing::warn!(%error, "the socket cannot be answered now");
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            }
        }
    }
}

async fn converse(stream: UnixStream, operator: Arc<dyn Operator>) -> io::Result<()> {
    let (read, mut write) = stream.into_split();
    let mut read = BufReader::new(read);
    while let Some(line) = line(&mut read, QUESTION_BYTES_MAX).await? {
        let reply = match serde_json::from_slice::<Question>(&line) {
            Ok(question) => match operator.ask(question).await {
                Ok(answer) => Reply::Answer(answer),
                Err(error) => Reply::Error(error),
            },
            Err(error) => Reply::Error(OperatorError::Refused(format!(
                "the running hookrule does not understand this question, it may be of another \
                 version: {error}"
            ))),
        };
        let mut text = serde_json::to_vec(&reply)?;
        text.push(b'\n');
        write.write_all(&text).await?;
    }
    Ok(())
}

/// Asks one question on an open stream.
pub(super) async fn ask(
    stream: &mut BufReader<UnixStream>,
    question: &Question,
) -> io::Result<Reply> {
    let mut text = serde_json::to_vec(question)?;
    text.push(b'\n');
    stream.get_mut().write_all(&text).await?;
    let line = line(stream, ANSWER_BYTES_MAX).await?;
    let line = line.ok_or(io::ErrorKind::UnexpectedEof)?;
    Ok(serde_json::from_slice(&line)?)
}

/// The next line, none at the end of the stream.
async fn line<R: AsyncBufRead + Unpin>(
    read: &mut R,
    bytes_max: usize,
) -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    let limit = u64::try_from(bytes_max).unwrap_or(u64::MAX);
    read.take(limit).read_until(b'\n', &mut line).await?;
    match line.last() {
        None => Ok(None),
        Some(b'\n') => Ok(Some(line)),
        Some(_) if line.len() >= bytes_max => {
            let why = format!("a line of more than {bytes_max} bytes");
            Err(io::Error::new(io::ErrorKind::InvalidData, why))
        }
        Some(_) => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Remote;
    use super::*;
    use crate::plan::JobState;
    use crate::runtime::BoxFuture;

    struct Scripted;

    impl Operator for Scripted {
        fn ask(&self, question: Question) -> BoxFuture<'_, Result<Answer, OperatorError>> {
            Box::pin(async move {
                match question {
                    Question::Counts => Ok(Answer::Counts(vec![(JobState::Dead, 3)])),
                    _ => Err(OperatorError::Refused("not that".to_owned())),
                }
            })
        }
    }

    fn folder(name: &str) -> PathBuf {
        let name = format!("hookrule-{name}-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        path
    }

    async fn answers_in(folder: &Path) {
        use std::os::unix::fs::PermissionsExt as _;
        assert!(Remote::connect(folder).await.unwrap().is_none());
        // What a killed process leaves behind.
        drop(std::os::unix::net::UnixListener::bind(short(folder).unwrap().0).unwrap());
        assert!(Remote::connect(folder).await.unwrap().is_none());

        let socket = Socket::open(folder, Arc::new(Scripted)).unwrap();
        let mode = fs::metadata(folder.join(NAME))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
        let remote = Remote::connect(folder).await.unwrap().unwrap();
        for _ in 0..2 {
            let counts = remote.ask(Question::Counts).await;
            assert_eq!(counts, Ok(Answer::Counts(vec![(JobState::Dead, 3)])));
        }
        let refused = remote.ask(Question::Rules).await;
        assert_eq!(refused, Err(OperatorError::Refused("not that".to_owned())));
        drop(socket);
        assert!(!folder.join(NAME).exists());
    }

    #[tokio::test]
    async fn questions_are_answered_over_the_socket() {
        let folder = folder("socket");
        answers_in(&folder).await;
        fs::remove_dir_all(folder).unwrap();
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn deep_folders_have_a_socket_too() {
        let root = folder("socket-deep");
        let deep = root.join("d".repeat(80)).join("e".repeat(80));
        fs::create_dir_all(&deep).unwrap();
        answers_in(&deep).await;
        fs::remove_dir_all(root).unwrap();
    }

    #[tokio::test]
    async fn nonsense_and_endless_lines_are_turned_away() {
        let folder = folder("socket-nonsense");
        let _socket = Socket::open(&folder, Arc::new(Scripted)).unwrap();
        let mut stream = BufReader::new(connect(&folder).await.unwrap());
        stream
            .get_mut()
            .write_all(b"{\"dance\":1}\n")
            .await
            .unwrap();
        let reply = line(&mut stream, 10_000).await.unwrap().unwrap();
        let reply = String::from_utf8(reply).unwrap();
        assert!(reply.contains("does not understand"), "{reply}");

        let endless = vec![b'x'; QUESTION_BYTES_MAX + 1];
        let _ = stream.get_mut().write_all(&endless).await;
        assert!(!matches!(line(&mut stream, 10).await, Ok(Some(_))));
        fs::remove_dir_all(folder).unwrap();
    }
}
