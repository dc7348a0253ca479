//! A session, with a ground in a plain colour so that every pixel is known. The dialog in which the portal asks whether a
//! picture may be taken is a part of the test; everything else is what desktops run.

#![allow(
    clippy::too_many_arguments,
    clippy::unused_self,
    clippy::used_underscore_binding,
    reason = "as the interface is, and as its macro writes"
)]

use std::collections::HashMap;
use std::fs::{self, Permissions};
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use ashpd::zbus::zvariant::{OwnedObjectPath, OwnedValue};
use ashpd::zbus::{self, Connection, connection, interface};

pub(crate) const SIZE: (u32, u32) = (640, 480);
pub(crate) const GROUND: [u8; 4] = [10, 20, 30, 255];

/// Says in the second process that it is the second.
const AGAIN: &str = "HARK_SIGHT_SESSION";

const START: Duration = Duration::from_secs(20);
const LONGEST: Duration = Duration::from_secs(90);

const PORTAL: &str = "org.freedesktop.portal.Desktop";
const OURS: &str = "org.freedesktop.impl.portal.desktop.harktest";
const WLROOTS: &str = "org.freedesktop.impl.portal.desktop.wlr";

/// Nobody's number on Linux. sway does not run as root.
const NOBODY: u32 = 65_534;

/// What a session's desktop is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Desk {
    /// sway and its portals, without a dialog for casts.
    Sway,
    /// None: the test casts by itself, through a real PipeWire.
    Scripted,
}

/// Runs a test in a session of its own. Libraries find it through the environment, which must not be changed while threads
/// run; so the test's program is started again for this test alone. `test` is its full name.
pub(crate) fn in_a_session(test: &str, desk: Desk, body: impl FnOnce()) {
    if std::env::var_os(AGAIN).is_some() {
        return body();
    }
    let Some(session) = Session::start(desk) else {
        eprintln!(
            "{test}: skipped, one of dbus-daemon, pipewire, wireplumber, sway, swaybg, grim, xdg-desktop-portal, \
             xdg-desktop-portal-wlr is not installed"
        );
        return;
    };
    let said = session.folder.path().join("said");
    let file = fs::File::create(&said).unwrap();
    let mut run = session.command(&std::env::current_exe().unwrap());
    run.args(["--exact", test, "--nocapture"]).env(AGAIN, "yes");
    run.stdout(file.try_clone().unwrap()).stderr(file);
    let mut run = Started(run.spawn().unwrap());
    let deadline = Instant::now() + LONGEST;
    let mut ended = None;
    while ended.is_none() && Instant::now() < deadline {
        ended = run.0.try_wait().unwrap();
        std::thread::sleep(Duration::from_millis(20));
    }
    drop(run);
    let said = String::from_utf8_lossy(&fs::read(&said).unwrap()).into_owned();
    print!("{said}");
    // A name that is not a test's would run nothing and pass.
    let passed = ended.is_some_and(|status| status.success()) && said.contains("running 1 test");
    assert!(passed, "{test} failed in its session");
}

/// Gives the ground another colour, as in `#ff0000`.
pub(crate) fn paint(colour: &str) {
    assert!(swaymsg(&["output", "*", "bg", colour, "solid_color"]));
}

pub(crate) fn swaymsg(arguments: &[&str]) -> bool {
    Command::new("swaymsg").args(arguments).stdout(Stdio::null()).status().unwrap().success()
}

/// A program that ends with the test.
struct Started(Child);

impl Drop for Started {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

struct Session {
    programs: Vec<Started>,
    /// Open as long as the dialog is to answer.
    #[allow(dead_code, reason = "it is only held")]
    bus_of_dialog: Option<(Connection, tokio::runtime::Runtime)>,
    environment: Vec<(&'static str, String)>,
    folder: tempfile::TempDir,
}

impl Drop for Session {
    fn drop(&mut self) {
        // The last one first: nobody then misses another.
        while self.programs.pop().is_some() {}
    }
}

impl Session {
    /// None where a program is not installed.
    fn start(desk: Desk) -> Option<Self> {
        let needed: &[&str] = match desk {
            Desk::Sway => {
                &["sway", "swaymsg", "swaybg", "grim", "xdg-desktop-portal", "xdg-desktop-portal-wlr"]
            }
            Desk::Scripted => &[],
        };
        let all = ["dbus-daemon", "pipewire", "pw-cli", "wireplumber"].iter().chain(needed);
        all.map(|name| installed(name)).collect::<Option<Vec<_>>>()?;
        let folder = tempfile::tempdir().unwrap();
        let environment = environment(folder.path());
        let mut session = Self { programs: Vec::new(), bus_of_dialog: None, environment, folder };

        let mut bus = session.command(Path::new("dbus-daemon"));
        bus.args(["--session", "--nofork", "--print-address"]).stdout(Stdio::piped());
        let mut bus = bus.spawn().unwrap();
        let mut address = String::new();
        BufReader::new(bus.stdout.take().unwrap()).read_line(&mut address).unwrap();
        session.programs.push(Started(bus));
        session.environment.push(("DBUS_SESSION_BUS_ADDRESS", address.trim().to_owned()));

        if desk == Desk::Sway {
            session.sway();
        } else {
            session.environment.push(("WAYLAND_DISPLAY", "none".into()));
        }
        session.run(&mut session.command(Path::new("pipewire")));
        session.until_there(|name| name == "pipewire-0");
        session.run(&mut session.command(Path::new("wireplumber")));
        if desk == Desk::Sway {
            session.portals(address.trim());
        }
        Some(session)
    }

    fn sway(&mut self) {
        let mut sway = self.command(Path::new("sway"));
        sway.arg("-c").arg(self.folder.path().join("sway.conf"));
        if fs::metadata(self.folder.path()).unwrap().uid() == 0 {
            sway.uid(NOBODY).gid(NOBODY);
        }
        self.run(&mut sway);
        let display = self.until_there(|name| name.starts_with("wayland-") && !name.contains(".lock"));
        self.environment.push(("WAYLAND_DISPLAY", display));
    }

    fn portals(&mut self, address: &str) {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let bus = runtime.block_on(async {
            let bus = connection::Builder::address(address).unwrap();
            let bus = bus.serve_at("/org/freedesktop/portal/desktop", Dialog).unwrap();
            bus.name(OURS).unwrap().build().await.unwrap()
        });
        for (program, name) in [("xdg-desktop-portal-wlr", WLROOTS), ("xdg-desktop-portal", PORTAL)] {
            self.run(&mut self.command(&installed(program).unwrap()));
            let there = async {
                let names = zbus::fdo::DBusProxy::new(&bus).await.unwrap();
                while !names.name_has_owner(name.try_into().unwrap()).await.unwrap() {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            };
            let there = runtime.block_on(async { tokio::time::timeout(START, there).await });
            there.unwrap_or_else(|_| panic!("{name} does not start"));
        }
        self.bus_of_dialog = Some((bus, runtime));
    }

    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        for other in
            ["DISPLAY", "WAYLAND_SOCKET", "PIPEWIRE_REMOTE", "PIPEWIRE_RUNTIME_DIR", "SWAY_UNSUPPORTED"]
        {
            command.env_remove(other);
        }
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    fn run(&mut self, command: &mut Command) {
        self.programs.push(Started(command.spawn().unwrap()));
    }

    /// The name of a socket that a program opens.
    fn until_there(&self, is_it: impl Fn(&str) -> bool) -> String {
        let deadline = Instant::now() + START;
        while Instant::now() < deadline {
            let names = fs::read_dir(self.folder.path()).unwrap();
            let mut names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
            if let Some(name) = names.find(|name| is_it(name)) {
                return name;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("a part of the session does not start");
    }
}

/// Where a program is; some belong on nobody's path.
fn installed(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let others = ["/usr/libexec", "/usr/lib", "/usr/lib/xdg-desktop-portal"].map(PathBuf::from);
    std::env::split_paths(&path).chain(others).map(|folder| folder.join(name)).find(|path| path.is_file())
}

/// Writes the session's settings, and says where they are.
fn environment(folder: &Path) -> Vec<(&'static str, String)> {
    // Files made by root belong to root; nobody else's session is run by it.
    if fs::metadata(folder).unwrap().uid() == 0 {
        fs::set_permissions(folder, Permissions::from_mode(0o777)).unwrap();
    }
    let write = |path: &str, text: &str| {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    let [red, green, blue, _] = GROUND;
    let ground = format!("output * bg #{red:02x}{green:02x}{blue:02x} solid_color");
    write(
        "sway.conf",
        &format!("output HEADLESS-1 resolution {}x{}\n{ground}\nxwayland disable\n", SIZE.0, SIZE.1),
    );
    let chooser = "[screencast]
chooser_type=none
output_name=HEADLESS-1
";
    write("config/xdg-desktop-portal-wlr/config", chooser);
    write("config/xdg-desktop-portal/portals.conf", "[preferred]\ndefault=wlr;harktest\n");
    let portal = |name: &str, interfaces: &str| {
        format!("[portal]\nDBusName={name}\nInterfaces={interfaces}\nUseIn=sway\n")
    };
    let interfaces = "org.freedesktop.impl.portal.Screenshot;org.freedesktop.impl.portal.ScreenCast;";
    write("portals/wlr.portal", &portal(WLROOTS, interfaces));
    write("portals/harktest.portal", &portal(OURS, "org.freedesktop.impl.portal.Access;"));
    let at = |name: &str| folder.join(name).into_os_string().into_string().unwrap();
    vec![
        ("XDG_RUNTIME_DIR", at("")),
        ("XDG_CONFIG_HOME", at("config")),
        ("XDG_CACHE_HOME", at("cache")),
        ("XDG_DATA_HOME", at("data")),
        ("XDG_STATE_HOME", at("state")),
        ("XDG_DESKTOP_PORTAL_DIR", at("portals")),
        ("SWAYSOCK", at("sway.sock")),
        ("XDG_CURRENT_DESKTOP", "sway".into()),
        ("XDG_SESSION_TYPE", "wayland".into()),
        ("WLR_BACKENDS", "headless".into()),
        ("WLR_RENDERER", "pixman".into()),
        ("WLR_LIBINPUT_NO_DEVICES", "1".into()),
    ]
}

/// The dialog, with a user who always says yes. Without a dialog the portal takes no pictures.
struct Dialog;

#[interface(name = "org.freedesktop.impl.portal.Access", crate = "ashpd::zbus")]
impl Dialog {
    fn access_dialog(
        &self,
        _handle: OwnedObjectPath,
        _app_id: &str,
        _parent: &str,
        _title: &str,
        _subtitle: &str,
        _body: &str,
        _options: HashMap<String, OwnedValue>,
    ) -> (u32, HashMap<String, OwnedValue>) {
        (0, HashMap::new())
    }
}
