//! Messages of HTTP/1.1, as far as a test needs them: what is the head, and where the body ends.

use std::io::{self, BufRead, Read};

/// A request or a response.
#[derive(Debug, Clone, Default)]
pub(crate) struct Message {
    /// The first line and the headers, with the empty line.
    pub(crate) head: Vec<u8>,
    /// The body as it travels.
    pub(crate) raw: Vec<u8>,
    /// The body.
    pub(crate) body: Vec<u8>,
}

impl Message {
    /// The next message; nothing when the other side has closed the connection.
    pub(crate) fn read(from: &mut impl BufRead) -> io::Result<Option<Self>> {
        let mut message = Self::default();
        while !message.head.ends_with(b"\r\n\r\n") {
            if from.read_until(b'\n', &mut message.head)? == 0 {
                return if message.head.is_empty() { Ok(None) } else { Err(io::ErrorKind::UnexpectedEof.into()) };
            }
        }
        if message.header("transfer-encoding").is_some_and(|coding| coding.contains("chunked")) {
            message.read_chunks(from)?;
        } else if let Some(length) = message.header("content-length") {
            let length: usize = length.parse().map_err(io::Error::other)?;
            message.body = exactly(from, length)?;
            message.raw.clone_from(&message.body);
        } else if message.is_response() && message.status() != 204 {
            from.read_to_end(&mut message.body)?;
            message.raw.clone_from(&message.body);
        }
        Ok(Some(message))
    }

    fn read_chunks(&mut self, from: &mut impl BufRead) -> io::Result<()> {
        loop {
            let mut line = Vec::new();
            from.read_until(b'\n', &mut line)?;
            let text = String::from_utf8_lossy(&line);
            let size = text.split(';').next().unwrap_or_default().trim();
            let size = usize::from_str_radix(size, 16).map_err(io::Error::other)?;
            // the chunk ends with a line break of its own, and so does the empty one after the last
            let chunk = exactly(from, size + 2)?;
            self.body.extend_from_slice(&chunk[..size]);
            self.raw.extend(line);
            self.raw.extend(chunk);
            if size == 0 {
                return Ok(());
            }
        }
    }

    /// A header's value.
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        let head = String::from_utf8_lossy(&self.head);
        let mut fields = head.lines().skip(1).filter_map(|line| line.split_once(':'));
        fields.find(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim().to_owned())
    }

    /// The first line.
    pub(crate) fn first_line(&self) -> String {
        String::from_utf8_lossy(&self.head).lines().next().unwrap_or_default().to_owned()
    }

    /// Whether it is a request to a pipeline that is not in JSON, which not every server has.
    pub(crate) fn is_protobuf(&self) -> bool {
        self.first_line().contains("/v3-protobuf/")
    }

    /// The status of a response.
    pub(crate) fn status(&self) -> u16 {
        self.first_line().split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default()
    }

    /// The message as it travels.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        [self.head.as_slice(), &self.raw].concat()
    }

    fn is_response(&self) -> bool {
        self.head.starts_with(b"HTTP/")
    }
}

fn exactly(from: &mut impl BufRead, length: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(length as u64).read_to_end(&mut bytes)?;
    if bytes.len() == length { Ok(bytes) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}
