//! With a portal that is a part of the test, on a bus of its own.

#![allow(clippy::unused_self, clippy::used_underscore_binding)] // the interface's own macro writes both

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use ashpd::zbus;
use ashpd::zbus::message::Header;
use ashpd::zbus::object_server::InterfaceRef;
use ashpd::zbus::zvariant::{ObjectPath, OwnedObjectPath, OwnedValue, Value};
use ashpd::zbus::{Connection, connection, fdo, interface};
use tokio::sync::mpsc;

use super::*;

const PATH: &str = "/org/freedesktop/portal/desktop";
const NAME: &str = "org.freedesktop.portal.Desktop";

/// A session bus, which ends with the test.
struct Bus {
    daemon: Child,
    address: String,
}

impl Bus {
    /// None where there is no such program.
    fn start() -> Option<Self> {
        let mut command = Command::new("dbus-daemon");
        command
            .args(["--session", "--nofork", "--print-address"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut daemon = command.spawn().ok()?;
        let mut address = String::new();
        BufReader::new(daemon.stdout.take()?).read_line(&mut address).ok()?;
        Some(Self { daemon, address: address.trim().to_owned() })
    }

    async fn connect(&self) -> Connection {
        connection::Builder::address(self.address.as_str()).unwrap().build().await.unwrap()
    }
}

impl Drop for Bus {
    fn drop(&mut self) {
        let _ = self.daemon.kill();
        let _ = self.daemon.wait();
    }
}

/// What a desktop does: it gives the first key that is asked for as wished, and no other.
struct Desktop {
    bound: mpsc::UnboundedSender<(String, OwnedObjectPath, Vec<String>)>,
}

type Dictionary = HashMap<String, OwnedValue>;

#[interface(name = "org.freedesktop.portal.GlobalShortcuts", crate = "ashpd::zbus")]
impl Desktop {
    #[zbus(property, name = "version")]
    fn version(&self) -> u32 {
        1
    }

    async fn create_session(
        &self,
        options: Dictionary,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] connection: &Connection,
    ) -> OwnedObjectPath {
        let session = handle("session", &header, &options, "session_handle_token");
        let told = HashMap::from([("session_handle", Value::from(session.as_str()))]);
        respond(connection, &header, &options, told).await
    }

    async fn bind_shortcuts(
        &self,
        session: OwnedObjectPath,
        shortcuts: Vec<(String, Dictionary)>,
        _parent: String,
        options: Dictionary,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] connection: &Connection,
    ) -> OwnedObjectPath {
        let wishes = shortcuts.iter().map(|(_, wish)| wish["preferred_trigger"].to_string()).collect();
        let client = header.sender().unwrap().to_string();
        let (first, _) = &shortcuts[0];
        let given = HashMap::from([
            ("description", Value::from("as asked")),
            ("trigger_description", Value::from("Press <Alt>space")),
        ]);
        let told = HashMap::from([("shortcuts", Value::from(vec![(first.as_str(), given)]))]);
        let request = respond(connection, &header, &options, told).await;
        self.bound.send((client, session, wishes)).unwrap();
        request
    }
}

fn handle(kind: &str, header: &Header<'_>, options: &Dictionary, token: &str) -> OwnedObjectPath {
    let sender = header.sender().unwrap().trim_start_matches(':').replace('.', "_");
    let token: &str = options[token].downcast_ref().unwrap();
    ObjectPath::try_from(format!("{PATH}/{kind}/{sender}/{token}")).unwrap().into()
}

/// Answers as portals do: with a signal of the request's own.
async fn respond(
    connection: &Connection,
    header: &Header<'_>,
    options: &Dictionary,
    told: HashMap<&str, Value<'_>>,
) -> OwnedObjectPath {
    let request = handle("request", header, options, "handle_token");
    let to = header.sender().cloned();
    let interface = "org.freedesktop.portal.Request";
    connection.emit_signal(to, &request, interface, "Response", &(0_u32, told)).await.unwrap();
    request
}

/// Presses a key, or lets it go.
async fn press(desktop: &Connection, client: &str, session: &OwnedObjectPath, signal: &str, key: &str) {
    let body = (session, key, 0_u64, HashMap::<&str, Value<'_>>::new());
    let interface = "org.freedesktop.portal.GlobalShortcuts";
    desktop.emit_signal(Some(client), PATH, interface, signal, &body).await.unwrap();
}

fn wanted_keys() -> Wanted {
    vec![
        (GlobalKey::Summon, Some("Alt+Space".parse().unwrap())),
        (GlobalKey::Talk, Some("Alt+Shift+Space".parse().unwrap())),
        (GlobalKey::Look, Some("Ctrl+Alt+Space".parse().unwrap())),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn the_desktop_gives_what_it_likes_and_its_presses_arrive() {
    let Some(bus) = Bus::start() else {
        eprintln!("skipped: there is no dbus-daemon");
        return;
    };
    let desktop = bus.connect().await;
    let (bound, mut bindings) = mpsc::unbounded_channel();
    desktop.object_server().at(PATH, Desktop { bound }).await.unwrap();
    let _: InterfaceRef<Desktop> = desktop.object_server().interface(PATH).await.unwrap();
    desktop.request_name(NAME).await.unwrap();

    let (keys, mut pressed) = mpsc::unbounded_channel();
    let (news, mut changes) = mpsc::unbounded_channel();
    let on_key: OnKey = Box::new(move |event| keys.send(event).unwrap());
    let on_change: OnChange = Box::new(move |views| news.send(views).unwrap());
    let portal = GlobalShortcuts::with_connection(bus.connect().await).await.unwrap();
    let task = tokio::spawn(async move { follow(&portal, &on_key, &on_change, &wanted_keys()).await });

    let (client, session, wishes) = bindings.recv().await.unwrap();
    assert_eq!(wishes, [r#""ALT+space""#, r#""ALT+SHIFT+space""#, r#""CTRL+ALT+space""#]);
    let states: Vec<GlobalKeyState> =
        changes.recv().await.unwrap().into_iter().map(|view| view.state).collect();
    let given = |trigger: &str| GlobalKeyState::GivenBySystem { trigger: trigger.to_owned() };
    assert_eq!(states, [given("Press <Alt>space"), given(""), given("")]);

    press(&desktop, &client, &session, "Activated", "summon").await;
    press(&desktop, &client, &session, "Activated", "somebody else's").await;
    press(&desktop, &client, &session, "Deactivated", "summon").await;
    for expect in [Press::Down, Press::Up] {
        let event = pressed.recv().await.unwrap();
        assert_eq!(event, KeyEvent { key: GlobalKey::Summon, press: expect, time: 0 });
    }

    press(&desktop, &client, &session, "Activated", "look").await;
    let event = pressed.recv().await.unwrap();
    assert_eq!(event, KeyEvent { key: GlobalKey::Look, press: Press::Down, time: 0 });

    // Whoever lets go leaves the bus, and with it the session ends.
    let names = fdo::DBusProxy::new(&desktop).await.unwrap();
    let mut leaving = names.receive_name_owner_changed_with_args(&[(0, client.as_str())]).await.unwrap();
    task.abort();
    let left = leaving.next().await.unwrap();
    assert!(left.args().unwrap().new_owner().is_none());
}
