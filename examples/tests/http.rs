//! The example `http` under a real client: `ab`, of Debian's apache2-utils. Without it the test says that it skips.
#![cfg(unix)]

mod running;

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::Command;

use running::{Running, number};

type Statuses = BTreeMap<u64, u64>;

/// Has `ab` make requests, and counts what it was answered. `None`: it is not here.
fn load(service: &Running, requests: u32, at_once: u32, client: &str) -> Option<Statuses> {
    let ran = Command::new("ab")
        .args(["-q", "-l", "-v", "3", "-s", "60", "-H", &format!("x-client: {client}")])
        .args(["-n", &requests.to_string(), "-c", &at_once.to_string()])
        .arg(format!("http://{}/session/seven", service.address))
        .output();
    let Ok(ran) = ran else {
        // Past the harness, which keeps what a test that passes prints.
        let _ = writeln!(std::io::stderr(), "skipped: ab is not installed (Debian: apache2-utils)");
        return None;
    };
    let said = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success(), "{said}\n{}", String::from_utf8_lossy(&ran.stderr));
    let mut statuses = Statuses::new();
    for line in said.lines() {
        let status = line
            .strip_prefix("LOG: Response code = ")
            .or_else(|| line.strip_prefix("WARNING: Response code not 2xx ("));
        if let Some(status) = status {
            let status = status.trim_end_matches(')').parse().unwrap();
            *statuses.entry(status).or_default() += 1;
        }
    }
    assert_eq!(statuses.values().sum::<u64>(), u64::from(requests), "{said}");
    Some(statuses)
}

/// What the service says at its end, as the client counted it.
fn agree(said: &str, clients: &Statuses) {
    for status in [200, 429, 503, 504] {
        let counted = clients.get(&status).copied().unwrap_or(0);
        assert_eq!(number(said, &status.to_string()), counted, "{status}: {said}");
    }
}

#[test]
fn under_load_clients_and_service_count_the_same_and_200_429_and_504_occur() {
    // Eight may wait, and who is behind five of them waits too long.
    let limits = ["--rate", "1000000", "--queue", "8", "--work", "40", "--patience", "200"];
    let service = Running::start(&[&["http"], &limits[..]].concat());
    let Some(mut counted) = load(&service, 3_000, 32, "one") else { return };
    for status in [200, 429, 504] {
        assert!(counted.contains_key(&status), "no {status}: {counted:?}");
    }

    // Ctrl-C: a request that has come is answered.
    let mut last = TcpStream::connect(service.address).unwrap();
    last.write_all(b"GET /session/last HTTP/1.1\r\nhost: here\r\n\r\n").unwrap();
    let mut first_byte = [0; 1];
    (0..3).for_each(|_| service_has_it(&service));
    service.interrupt();
    last.read_exact(&mut first_byte).unwrap();
    let mut answer = String::new();
    last.read_to_string(&mut answer).unwrap();
    let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
    assert!([200, 429, 504].contains(&status), "{answer}");
    *counted.entry(status).or_default() += 1;
    agree(&service.end(), &counted);
}

/// Returns when the service has taken a connection that was made before.
fn service_has_it(service: &Running) {
    let mut later = TcpStream::connect(service.address).unwrap();
    later.write_all(b"GET /nowhere HTTP/1.1\r\nhost: here\r\nconnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    later.read_to_string(&mut answer).unwrap();
    assert!(answer.contains("404"), "{answer}");
}

#[test]
fn a_client_that_comes_too_often_is_refused_and_the_others_are_not() {
    let limits = ["--rate", "50", "--queue", "1000", "--work", "0", "--patience", "60000"];
    let service = Running::start(&[&["http"], &limits[..]].concat());
    let Some(mut counted) = load(&service, 500, 4, "often") else { return };
    assert!(counted[&200] >= 50 && counted.contains_key(&429), "{counted:?}");
    let Some(other) = load(&service, 20, 1, "seldom") else { return };
    assert_eq!(other, Statuses::from([(200, 20)]));
    *counted.entry(200).or_default() += 20;
    service.interrupt();
    agree(&service.end(), &counted);
}
