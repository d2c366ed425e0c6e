//! Asks the process that has the store open.

use std::io::ErrorKind;
use std::path::Path;

use tokio::io::BufReader;
use tokio::net::UnixStream;
use tokio::sync::Mutex;

use crate::runtime::BoxFuture;

use super::socket::{Reply, ask, connect};
use super::{Answer, Operator, OperatorError, Question};

/// A conversation with the process that has the store open.
#[derive(Debug)]
pub struct Remote(Mutex<BufReader<UnixStream>>);

impl Remote {
    /// Opens one; none where no process answers in that folder.
    ///
    /// # Errors
    /// A process may be there, but we may not speak to it.
    pub async fn connect(folder: &Path) -> Result<Option<Self>, OperatorError> {
        match connect(folder).await {
            Ok(stream) => Ok(Some(Self(Mutex::new(BufReader::new(stream))))),
            Err(error) => match error.kind() {
                ErrorKind::NotFound | ErrorKind::ConnectionRefused => Ok(None),
                _ => Err(OperatorError::Failed(format!(
                    "the hookrule that runs in {} cannot be asked: {error}",
                    folder.display()
                ))),
            },
        }
    }
}

impl Operator for Remote {
    fn ask(&self, question: Question) -> BoxFuture<'_, Result<Answer, OperatorError>> {
        Box::pin(async move {
            let mut stream = self.0.lock().await;
            match ask(&mut stream, &question).await {
                Ok(Reply::Answer(answer)) => Ok(answer),
                Ok(Reply::Error(error)) => Err(error),
                Err(error) => Err(OperatorError::Failed(format!(
                    "the running hookrule did not answer: {error}"
                ))),
            }
        })
    }
}
