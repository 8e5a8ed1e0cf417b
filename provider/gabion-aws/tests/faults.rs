//! What a small server on loopback does wrong, and what this crate makes of it. No emulator needed.
#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests stand outside test functions"
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use gabion_aws::{ClientPool, Kind, ProviderSettings, RecordingObserver, Secret};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// What the server does with a request.
enum Answer {
    Reply(u16, &'static str, String),
    /// Closes the connection without a word.
    Drop,
    /// Never answers.
    Hang,
}

const XML: &str = "text/xml";
const JSON: &str = "application/x-amz-json-1.1";

/// Starts a server that answers the n-th request (head and body as text) by a function.
async fn serve(answer: impl Fn(usize, &str) -> Answer + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let answer = Arc::new(answer);
    let count = Arc::new(AtomicUsize::new(0));
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            tokio::spawn(talk(stream, answer.clone(), count.clone()));
        }
    });
    url
}

async fn talk(
    mut stream: TcpStream,
    answer: Arc<impl Fn(usize, &str) -> Answer>,
    count: Arc<AtomicUsize>,
) {
    let mut text = String::new();
    let mut buffer = vec![0; 65_536];
    loop {
        let read = stream.read(&mut buffer).await.unwrap_or(0);
        if read == 0 {
            return;
        }
        text.push_str(&String::from_utf8_lossy(buffer.get(..read).unwrap()));
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head
            .lines()
            .find_map(|line| {
                line.to_lowercase()
                    .strip_prefix("content-length:")?
                    .trim()
                    .parse()
                    .ok()
            })
            .unwrap_or(0usize);
        if body.len() >= length {
            break;
        }
    }
    let reply = match answer(count.fetch_add(1, Ordering::SeqCst), &text) {
        Answer::Reply(status, kind, body) => format!(
            "HTTP/1.1 {status} X\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        ),
        Answer::Drop => return,
        Answer::Hang => {
            tokio::time::sleep(Duration::from_secs(60)).await;
            return;
        }
    };
    let _ = stream.write_all(reply.as_bytes()).await;
    let _ = stream.shutdown().await;
}

fn settings(url: &str) -> ProviderSettings {
    let services = gabion_aws::config::ENDPOINT_SERVICES.iter();
    ProviderSettings {
        region: Some("eu-central-1".to_owned()),
        access_key: Some(Secret::new("AKIAIOSFODNN7EXAMPLE")),
        secret_key: Some(Secret::new("very-secret")),
        endpoints: services
            .map(|name| ((*name).to_owned(), url.to_owned()))
            .collect(),
        max_retries: Some(1),
        attempt_timeout: Duration::from_millis(400),
        operation_timeout: Duration::from_secs(3),
        ..ProviderSettings::default()
    }
}

fn identity() -> Answer {
    let body = "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><GetCallerIdentityResult>\
        <Arn>arn:aws:iam::111122223333:user/me</Arn><UserId>U</UserId><Account>111122223333</Account>\
        </GetCallerIdentityResult></GetCallerIdentityResponse>";
    Answer::Reply(200, XML, body.to_owned())
}

fn json_error(status: u16, code: &str, message: &str) -> Answer {
    let body = format!("{{\"__type\":\"{code}\",\"message\":\"{message}\"}}");
    Answer::Reply(status, JSON, body)
}

/// The error of DescribeKey against a server that answers it so.
async fn describe(answer: fn(usize) -> Answer) -> gabion_aws::AwsError {
    let url = serve(move |count, text| {
        if text.contains("Action=GetCallerIdentity") {
            identity()
        } else {
            answer(count)
        }
    })
    .await;
    let clients = ClientPool::new(settings(&url))
        .get(None, None)
        .await
        .unwrap();
    clients.kms().describe_key("alias/x").await.unwrap_err()
}

#[tokio::test]
async fn kinds_by_code() {
    let error = describe(|_| json_error(400, "NotFoundException", "no such alias")).await;
    assert_eq!(error.kind, Kind::NotFound);

    let error = describe(|_| {
        json_error(
            400,
            "AccessDeniedException",
            "User AKIAIOSFODNN7EXAMPLE may not",
        )
    })
    .await;
    assert_eq!(error.kind, Kind::AccessDenied);
    let text = error.to_string();
    assert!(
        text.contains("`kms:DescribeKey`") && !text.contains("AKIA"),
        "{text}"
    );

    let error = describe(|_| {
        json_error(
            400,
            "ExpiredTokenException",
            "The security token is expired",
        )
    })
    .await;
    assert_eq!(error.kind, Kind::ExpiredCredentials);
    assert!(
        error.to_string().contains("refresh the credentials"),
        "{error}"
    );

    let error = describe(|_| {
        json_error(
            403,
            "InvalidSignatureException",
            "The string was very-secret",
        )
    })
    .await;
    assert_eq!(error.kind, Kind::NoCredentials);
    assert!(!error.to_string().contains("very-secret"), "{error}");

    let error = describe(|_| json_error(400, "ThrottlingException", "Rate exceeded")).await;
    assert_eq!((error.kind, error.retryable), (Kind::Throttled, true));
}

#[tokio::test]
async fn pages_of_html_say_nothing_about_existence() {
    const PAGE: &str = "<!doctype html><title>404 Not Found</title>";
    let error = describe(|_| Answer::Reply(404, "text/html", PAGE.to_owned())).await;
    assert_eq!((error.kind, error.is_unsupported()), (Kind::Other, true));
    let error = describe(|_| Answer::Reply(500, "text/html", PAGE.to_owned())).await;
    assert_eq!((error.kind, error.is_unsupported()), (Kind::Other, true));
    assert!(error.may_have_happened());
    let error = describe(|_| Answer::Reply(200, JSON, "{\"KeyMetadata\":".to_owned())).await;
    assert_eq!(error.kind, Kind::Other, "{error:?}");
}

#[tokio::test]
async fn lost_connections_and_silence() {
    let error = describe(|_| Answer::Drop).await;
    assert_eq!(
        (error.kind, error.may_have_happened()),
        (Kind::Dispatch, true),
        "{error:?}"
    );
    let error = describe(|_| Answer::Hang).await;
    assert_eq!(
        (error.kind, error.may_have_happened()),
        (Kind::Timeout, true),
        "{error:?}"
    );

    // Nobody listens there.
    let gone = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap();
    let pool = ClientPool::new(settings(&format!("http://{gone}")));
    let error = pool.get(None, None).await.unwrap_err();
    assert_eq!(error.kind, Kind::Dispatch, "{error:?}");
    assert!(
        error.to_string().contains("could not reach its endpoint"),
        "{error}"
    );
}

#[tokio::test]
async fn a_failed_lookup_is_not_repeated_by_each_resource() {
    let url = serve(|_, _| {
        let body = "<ErrorResponse><Error><Type>Sender</Type><Code>ExpiredToken</Code><Message>old</Message></Error></ErrorResponse>";
        Answer::Reply(403, XML, body.to_owned())
    })
    .await;
    let observer = Arc::new(RecordingObserver::default());
    let pool = ClientPool::new(settings(&url)).with_observer(observer.clone());
    let tries = futures::future::join_all((0..20).map(|_| pool.get(None, None))).await;
    assert!(
        tries
            .iter()
            .all(|result| matches!(result, Err(error) if error.kind == Kind::ExpiredCredentials))
    );
    assert_eq!(observer.calls().len(), 1);
}

#[tokio::test]
async fn a_role_that_cannot_be_assumed_is_named() {
    let url = serve(|_, text| {
        if text.contains("Action=GetCallerIdentity") {
            return identity();
        }
        let body = "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>not authorized</Message></Error></ErrorResponse>";
        Answer::Reply(403, XML, body.to_owned())
    })
    .await;
    let pool = ClientPool::new(settings(&url));
    let error = pool.get(Some("444455556666"), None).await.unwrap_err();
    let text = error.to_string();
    for part in [
        "arn:aws:iam::444455556666:role/OrganizationAccountAccessRole",
        "arn:aws:iam::111122223333:user/me",
        "vending_role_name",
        "`sts:AssumeRole`",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    let error = pool.get(Some("44"), None).await.unwrap_err();
    assert_eq!(error.kind, Kind::Configuration);
}

#[tokio::test]
async fn sessions_that_expire_are_renewed() {
    let url = serve(|count, text| {
        if text.contains("Action=GetCallerIdentity") {
            return identity();
        }
        if text.contains("Action=AssumeRole") {
            // Nearly over: each call needs a new one.
            let end = jiff::Timestamp::now() + Duration::from_secs(5);
            let body = format!(
                "<AssumeRoleResponse><AssumeRoleResult><AssumedRoleUser><Arn>arn:aws:sts::444455556666:assumed-role/R/s</Arn>\
                 <AssumedRoleId>A:s</AssumedRoleId></AssumedRoleUser><Credentials><AccessKeyId>ASIA{count}</AccessKeyId>\
                 <SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>{end}</Expiration>\
                 </Credentials></AssumeRoleResult></AssumeRoleResponse>"
            );
            return Answer::Reply(200, XML, body);
        }
        json_error(400, "NotFoundException", "none")
    })
    .await;
    let observer = Arc::new(RecordingObserver::default());
    let pool = ClientPool::new(settings(&url)).with_observer(observer.clone());
    let clients = pool.get(Some("444455556666"), None).await.unwrap();
    assert_eq!(clients.kms().find_key("alias/x").await.unwrap(), None);
    let renewed = observer
        .calls()
        .iter()
        .filter(|call| call.operation == "AssumeRole")
        .count();
    assert!(renewed >= 2, "{renewed}");
}

#[tokio::test]
async fn no_credentials_at_all() {
    let url = serve(|_, _| identity()).await;
    let mut settings = settings(&url);
    settings.access_key = None;
    settings.secret_key = None;
    settings.profile = Some("gabion-no-such-profile".to_owned());
    let Err(error) = ClientPool::new(settings).get(None, None).await else {
        panic!("credentials from nowhere");
    };
    assert_eq!(error.kind, Kind::NoCredentials, "{error:?}");
    let text = error.to_string();
    assert!(
        text.contains("AWS_PROFILE") && text.contains("`gabion-no-such-profile`"),
        "{text}"
    );
}

#[tokio::test]
async fn a_stop_ends_before_the_next_call() {
    let url = serve(|_, _| identity()).await;
    let clients = ClientPool::new(settings(&url))
        .get(None, None)
        .await
        .unwrap();
    let stop = tokio_util::sync::CancellationToken::new();
    stop.cancel();
    let stopped = clients.scoped(stop, None);
    let error = stopped.kms().find_key("alias/x").await.unwrap_err();
    assert_eq!(error.kind, Kind::Cancelled);
    let late = clients.scoped(Default::default(), Some(std::time::Instant::now()));
    assert_eq!(
        late.kms().find_key("alias/x").await.unwrap_err().kind,
        Kind::Timeout
    );
}
