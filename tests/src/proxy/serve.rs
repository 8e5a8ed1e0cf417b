//! The listener: reads a request whole, applies the rules, asks the fake, sends the rest on.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use anyhow::{Result, bail};
use bytes::Bytes;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Frame, Incoming};
use hyper::header::{CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};

use super::fault::{Fault, Rule};
use super::message::{Reply, Request};
use super::operation::Operation;
use super::{Call, Shared, lock};

type Body = BoxBody<Bytes, std::io::Error>;

pub(super) async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        tokio::spawn(connection(stream, Arc::clone(&shared)));
    }
}

async fn connection(stream: TcpStream, shared: Arc<Shared>) {
    let _ = stream.set_nodelay(true);
    // A second handle on the socket: with it a fault can ask for a reset instead of a close.
    let Ok(second) = socket2::SockRef::from(&stream).try_clone() else {
        return;
    };
    let second = Arc::new(second);
    let service = service_fn(|request| {
        let shared = Arc::clone(&shared);
        let socket = Arc::clone(&second);
        async move {
            let answer = handle(request, &shared).await;
            if answer.is_err() {
                let _ = socket.set_linger(Some(Duration::ZERO));
            }
            answer
        }
    });
    // An error here is a fault that was asked for, or a caller that went away.
    let _ = hyper::server::conn::http1::Builder::new()
        .half_close(false)
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

/// An error ends the connection with a reset.
async fn handle(
    request: hyper::Request<Incoming>,
    shared: &Shared,
) -> Result<hyper::Response<Body>> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await?.to_bytes();
    let operation = Operation::of(&parts.method, &parts.uri, &parts.headers, &body);
    let request = Request {
        method: parts.method,
        uri: parts.uri,
        headers: parts.headers,
        body,
        operation,
    };
    let caller = lock(&shared.permissions).caller(&request).to_owned();
    let index = {
        let mut calls = lock(&shared.calls);
        calls.push(Call {
            caller,
            operation: request.operation.clone(),
            uri: request.uri.to_string(),
            body: String::from_utf8_lossy(&request.body).into_owned(),
            status: 0,
            answer: String::new(),
        });
        calls.len() - 1
    };
    let rule = lock(&shared.rules)
        .iter()
        .find(|rule| rule.strikes(&request.operation))
        .cloned();
    let may = lock(&shared.permissions).judge(&request);
    let reply = if may {
        struck(&request, shared, rule.as_deref()).await?
    } else {
        request.operation.denied()
    };
    if request.operation.name == "AssumeRole" && reply.ok() {
        lock(&shared.permissions).session(&request, &reply.text());
    }
    if let Some(call) = lock(&shared.calls).get_mut(index) {
        call.status = reply.status.as_u16();
        call.answer = String::from_utf8_lossy(&reply.body).into_owned();
    }
    let truncated = rule.is_some_and(|rule| rule.fault == Fault::Truncate);
    response(reply, &request, truncated)
}

async fn struck(request: &Request, shared: &Shared, rule: Option<&Rule>) -> Result<Reply> {
    let Some(rule) = rule else {
        return real(request, shared).await;
    };
    let operation = &request.operation;
    Ok(match &rule.fault {
        Fault::Throttle => operation.throttled(),
        Fault::ExpiredToken => operation.expired(),
        Fault::AccessDenied => operation.denied(),
        Fault::Status(status) => Reply::new(*status, "text/plain", "upstream fault"),
        Fault::Error(status, code, message) => operation.error(*status, code, message),
        Fault::Reset => bail!("reset"),
        Fault::LoseReply => {
            real(request, shared).await?;
            bail!("the reply is lost")
        }
        Fault::Truncate => real(request, shared).await?,
        Fault::Garble => real(request, shared)
            .await?
            .with_body("<<not what the protocol says>>"),
        Fault::Delay(time) => {
            tokio::time::sleep(*time).await;
            real(request, shared).await?
        }
        Fault::Hold => {
            released(rule).await;
            if rule.is_abandoned() {
                bail!("the caller is gone");
            }
            real(request, shared).await?
        }
        Fault::HoldReply => {
            let reply = real(request, shared).await?;
            released(rule).await;
            reply
        }
    })
}

async fn released(rule: &Rule) {
    let mut watch = rule.released.subscribe();
    // The sender lives in the rule, so this ends only by a release.
    let _ = watch.wait_for(|released| *released).await;
}

async fn real(request: &Request, shared: &Shared) -> Result<Reply> {
    if let Some(fake) = &shared.fake
        && let Some(reply) = fake.answer(request, &shared.upstream).await?
    {
        return Ok(reply);
    }
    shared.upstream.send(request).await
}

fn response(mut reply: Reply, request: &Request, truncated: bool) -> Result<hyper::Response<Body>> {
    reply.headers.remove(TRANSFER_ENCODING);
    reply.headers.remove(CONNECTION);
    let whole = reply.body.len();
    let body = if truncated {
        reply.headers.insert(CONTENT_LENGTH, whole.max(2).into());
        BoxBody::new(Half::of(&reply.body))
    } else {
        if request.method != hyper::Method::HEAD {
            reply.headers.insert(CONTENT_LENGTH, whole.into());
        }
        Full::new(reply.body)
            .map_err(|never| match never {})
            .boxed()
    };
    let mut response = hyper::Response::new(body);
    *response.status_mut() = reply.status;
    *response.headers_mut() = reply.headers;
    Ok(response)
}

/// A body that is cut off: some bytes, time for them to leave, and an error.
struct Half {
    bytes: Option<Bytes>,
    pause: Pin<Box<tokio::time::Sleep>>,
}

impl Half {
    fn of(body: &Bytes) -> Self {
        let pause = Box::pin(tokio::time::sleep(Duration::from_millis(50)));
        Self {
            bytes: Some(body.slice(..body.len() / 2)),
            pause,
        }
    }
}

impl hyper::body::Body for Half {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        if let Some(bytes) = self.bytes.take() {
            return Poll::Ready(Some(Ok(Frame::data(bytes))));
        }
        // An error at once would make hyper drop the head of the response as well.
        match self.pause.as_mut().poll(context) {
            Poll::Ready(()) => Poll::Ready(Some(Err(std::io::Error::other("truncated")))),
            Poll::Pending => Poll::Pending,
        }
    }
}
