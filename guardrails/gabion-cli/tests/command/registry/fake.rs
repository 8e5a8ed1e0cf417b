//! A registry that does whatever a test wants: one thread a connection, plain HTTP.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// What it answers.
pub(super) enum Answer {
    /// A status, headers, and a body with its length.
    Whole(u16, Vec<(&'static str, String)>, Vec<u8>),
    /// This again and again, until nobody listens.
    Endless(&'static [u8]),
    /// Nothing, until nobody waits.
    Silence,
}

impl Answer {
    pub(super) fn ok(body: impl Into<Vec<u8>>) -> Self {
        Self::Whole(200, Vec::new(), body.into())
    }

    pub(super) fn status(code: u16) -> Self {
        Self::Whole(code, Vec::new(), Vec::new())
    }
}

/// A request: its target as it was sent, and what it carried to prove who asks.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) target: String,
    pub(super) proof: Option<String>,
}

pub(super) struct Fake {
    pub(super) host: String,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Fake {
    /// Answers each request by its path, such as `/v2/acme/manifests/1.0.0`.
    pub(super) fn start(answer: impl Fn(&Seen, &str) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let seen: Arc<Mutex<Vec<Seen>>> = Arc::default();
        let (log, answer) = (seen.clone(), Arc::new(answer));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (log, answer) = (log.clone(), answer.clone());
                std::thread::spawn(move || {
                    // A client that goes away is no concern of ours.
                    let _ = serve(stream, &log, answer.as_ref());
                });
            }
        });
        Self { host, seen }
    }

    pub(super) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}

fn serve(
    mut stream: TcpStream,
    log: &Mutex<Vec<Seen>>,
    answer: &dyn Fn(&Seen, &str) -> Answer,
) -> std::io::Result<()> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        // The start of a TLS connection: there is none here.
        if stream.read(&mut byte)? == 0 || (head.is_empty() && byte[0] == 0x16) {
            return Ok(());
        }
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let target = head.split(' ').nth(1).unwrap_or_default().to_owned();
    let proof = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("authorization")
            .then(|| value.trim().to_owned())
    });
    let seen = Seen { target, proof };
    log.lock().unwrap().push(seen.clone());
    let path = match seen.target.split_once("://") {
        Some((_, rest)) => rest.find('/').map_or("/", |at| &rest[at..]),
        None => &seen.target,
    };
    match answer(&seen, path) {
        Answer::Whole(code, headers, body) => {
            let mut text = format!("HTTP/1.1 {code} Status\r\nConnection: close\r\n");
            for (name, value) in headers {
                text.push_str(&format!("{name}: {value}\r\n"));
            }
            text.push_str(&format!("Content-Length: {}\r\n\r\n", body.len()));
            stream.write_all(text.as_bytes())?;
            stream.write_all(&body)
        }
        Answer::Endless(part) => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")?;
            loop {
                stream.write_all(part)?;
            }
        }
        Answer::Silence => stream.read(&mut byte).map(drop),
    }
}
