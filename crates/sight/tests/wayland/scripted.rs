//! A portal that is a part of the test, and a picture in plain colours that it casts through the real PipeWire: what the
//! user does in the desktop's dialogs can then be done by the test.

#![allow(
    clippy::unused_self,
    clippy::used_underscore_binding,
    reason = "the interface's own macro writes both"
)]

use std::collections::HashMap;
use std::io::Cursor;
use std::os::unix::net::UnixStream;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

use ashpd::zbus;
use ashpd::zbus::message::Header;
use ashpd::zbus::zvariant::{ObjectPath, OwnedFd, OwnedObjectPath, OwnedValue, Value};
use ashpd::zbus::{Connection, connection, interface};
use pipewire::spa::param::ParamType;
use pipewire::spa::param::format::{FormatProperties, MediaSubtype, MediaType};
use pipewire::spa::param::video::VideoFormat;
use pipewire::spa::pod::serialize::PodSerializer;
use pipewire::spa::pod::{Object, Pod, Property, Value as Spa};
use pipewire::spa::sys;
use pipewire::spa::utils::{Direction, Fraction, Id, Rectangle, SpaTypes};
use pipewire::stream::{StreamBox, StreamFlags, StreamState};

const PATH: &str = "/org/freedesktop/portal/desktop";
const SESSION: &str = "org.freedesktop.portal.Session";

/// The size of what is cast. Rows are longer than the picture is wide.
pub(crate) const WIDTH: u32 = 64;
pub(crate) const HEIGHT: u32 = 48;
const STRIDE: usize = 64 * 4 + 16;

/// Where the monitor lies on the desktop, of which two of its pixels are one point.
const POSITION: (i32, i32) = (100, 20);
const POINTS: (i32, i32) = (32, 24);

type Dictionary = HashMap<String, OwnedValue>;
type Colour = Arc<Mutex<[u8; 3]>>;

/// What clients have asked for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// To choose among sources of these kinds (1: monitors, 2: windows), with the choice kept or not.
    Choose { kinds: u32, kept: bool },
    /// To end the session.
    Close,
}

/// The desktop that casts.
pub(crate) struct Scripted {
    runtime: tokio::runtime::Runtime,
    bus: Connection,
    colour: Colour,
    sessions: Arc<Mutex<Vec<(String, OwnedObjectPath)>>>,
    pub(crate) asked: Receiver<Asked>,
}

impl Scripted {
    /// `yes`: what the user says to what is asked.
    pub(crate) fn start(yes: bool) -> Self {
        let colour = Colour::default();
        let (tell, node) = channel();
        let shown = colour.clone();
        std::thread::spawn(move || draw(&shown, &tell).unwrap());
        let node = node.recv_timeout(std::time::Duration::from_secs(20)).unwrap();
        let (tell, asked) = channel();
        let sessions = Arc::<Mutex<Vec<_>>>::default();
        let portal = Portal { yes, node, tell, sessions: sessions.clone() };
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let bus = runtime.block_on(async {
            let bus = connection::Builder::session().unwrap().serve_at(PATH, portal).unwrap();
            let bus = bus.serve_at(PATH, NoScreenshots).unwrap();
            bus.name("org.freedesktop.portal.Desktop").unwrap().build().await.unwrap()
        });
        Self { runtime, bus, colour, sessions, asked }
    }

    pub(crate) fn paint(&self, colour: [u8; 3]) {
        *self.colour.lock().unwrap() = colour;
    }

    /// The user presses the desktop's own button that ends sharing.
    pub(crate) fn end(&self) {
        for (client, session) in self.sessions.lock().unwrap().drain(..) {
            let nothing = HashMap::<&str, Value<'_>>::new();
            let told = self.bus.emit_signal(Some(client.as_str()), &session, SESSION, "Closed", &nothing);
            self.runtime.block_on(told).unwrap();
        }
    }
}

struct Portal {
    yes: bool,
    node: u32,
    tell: Sender<Asked>,
    sessions: Arc<Mutex<Vec<(String, OwnedObjectPath)>>>,
}

#[interface(name = "org.freedesktop.portal.ScreenCast", crate = "ashpd::zbus")]
impl Portal {
    #[zbus(property, name = "version")]
    fn version(&self) -> u32 {
        5
    }

    #[zbus(property)]
    fn available_source_types(&self) -> u32 {
        3
    }

    async fn create_session(
        &self,
        options: Dictionary,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] connection: &Connection,
    ) -> OwnedObjectPath {
        let session = handle("session", &header, &options, "session_handle_token");
        let held = Held(self.tell.clone());
        connection.object_server().at(session.clone(), held).await.unwrap();
        self.sessions.lock().unwrap().push((header.sender().unwrap().to_string(), session.clone()));
        let told = HashMap::from([("session_handle", Value::from(session.as_str()))]);
        respond(connection, &header, &options, 0, told).await
    }

    async fn select_sources(
        &self,
        _session: OwnedObjectPath,
        options: Dictionary,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] connection: &Connection,
    ) -> OwnedObjectPath {
        let kinds = options["types"].downcast_ref().unwrap();
        self.tell.send(Asked::Choose { kinds, kept: options.contains_key("persist_mode") }).unwrap();
        respond(connection, &header, &options, 0, HashMap::new()).await
    }

    async fn start(
        &self,
        _session: OwnedObjectPath,
        _parent: String,
        options: Dictionary,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] connection: &Connection,
    ) -> OwnedObjectPath {
        let like = HashMap::from([("position", Value::from(POSITION)), ("size", Value::from(POINTS))]);
        let told = HashMap::from([("streams", Value::from(vec![(self.node, like)]))]);
        respond(connection, &header, &options, u32::from(!self.yes), told).await
    }

    fn open_pipe_wire_remote(&self, _session: OwnedObjectPath, _options: Dictionary) -> OwnedFd {
        let folder = std::env::var_os("XDG_RUNTIME_DIR").unwrap();
        let socket = UnixStream::connect(std::path::Path::new(&folder).join("pipewire-0")).unwrap();
        std::os::fd::OwnedFd::from(socket).into()
    }
}

/// As portals without it answer: they know nothing of pictures.
struct NoScreenshots;

#[interface(name = "org.freedesktop.portal.Screenshot", crate = "ashpd::zbus")]
impl NoScreenshots {
    #[zbus(property, name = "version")]
    fn version(&self) -> zbus::fdo::Result<u32> {
        Err(zbus::fdo::Error::InvalidArgs("No such interface “org.freedesktop.portal.Screenshot”".into()))
    }
}

/// A session that is open.
struct Held(Sender<Asked>);

#[interface(name = "org.freedesktop.portal.Session", crate = "ashpd::zbus")]
impl Held {
    fn close(&self) {
        let _ = self.0.send(Asked::Close);
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
    code: u32,
    told: HashMap<&str, Value<'_>>,
) -> OwnedObjectPath {
    let request = handle("request", header, options, "handle_token");
    let to = header.sender().cloned();
    let interface = "org.freedesktop.portal.Request";
    connection.emit_signal(to, &request, interface, "Response", &(code, told)).await.unwrap();
    request
}

/// Draws in one colour, again and again, until the program ends; tells the number of the stream.
fn draw(colour: &Colour, tell: &Sender<u32>) -> Result<(), pipewire::Error> {
    pipewire::init();
    let main_loop = pipewire::main_loop::MainLoopRc::new(None)?;
    let context = pipewire::context::ContextRc::new(&main_loop, None)?;
    let core = context.connect_rc(None)?;
    let like = pipewire::properties::properties! {
        *pipewire::keys::MEDIA_CLASS => "Video/Source",
        *pipewire::keys::MEDIA_TYPE => "Video",
        *pipewire::keys::NODE_NAME => "scripted",
    };
    let stream = StreamBox::new(&core, "scripted", like)?;
    let (colour, tell) = (colour.clone(), tell.clone());
    let _listener = stream
        .add_local_listener_with_user_data(())
        .state_changed(move |stream, (), _, new| {
            if new == StreamState::Paused {
                let _ = tell.send(stream.node_id());
            }
        })
        .param_changed(|stream, (), id, param| {
            if id == ParamType::Format.as_raw() && param.is_some() {
                let buffers = buffers();
                stream.update_params(&mut [Pod::from_bytes(&buffers).unwrap()]).unwrap();
            }
        })
        .process(move |stream, ()| {
            let Some(mut buffer) = stream.dequeue_buffer() else { return };
            let [red, green, blue] = *colour.lock().unwrap();
            let data = &mut buffer.datas_mut()[0];
            for line in data.data().unwrap().chunks_mut(STRIDE).take(HEIGHT as usize) {
                // What lies behind a row is of another colour.
                line.fill(0x55);
                line[..WIDTH as usize * 4].as_chunks_mut().0.fill([blue, green, red, 0]);
            }
            let chunk = data.chunk_mut();
            *chunk.offset_mut() = 0;
            *chunk.stride_mut() = i32::try_from(STRIDE).unwrap();
            *chunk.size_mut() = u32::try_from(STRIDE).unwrap() * HEIGHT;
        })
        .register()?;
    let format = format();
    let mut formats = [Pod::from_bytes(&format).unwrap()];
    stream.connect(Direction::Output, None, StreamFlags::MAP_BUFFERS, &mut formats)?;
    main_loop.run();
    Ok(())
}

fn object(kind: SpaTypes, id: ParamType, properties: Vec<Property>) -> Vec<u8> {
    let object = Spa::Object(Object { type_: kind.as_raw(), id: id.as_raw(), properties });
    PodSerializer::serialize(Cursor::new(Vec::new()), &object).unwrap().0.into_inner()
}

fn format() -> Vec<u8> {
    let values = [
        (FormatProperties::MediaType, Spa::Id(Id(MediaType::Video.as_raw()))),
        (FormatProperties::MediaSubtype, Spa::Id(Id(MediaSubtype::Raw.as_raw()))),
        (FormatProperties::VideoFormat, Spa::Id(Id(VideoFormat::BGRx.as_raw()))),
        (FormatProperties::VideoSize, Spa::Rectangle(Rectangle { width: WIDTH, height: HEIGHT })),
        (FormatProperties::VideoFramerate, Spa::Fraction(Fraction { num: 0, denom: 1 })),
    ];
    let values = values.map(|(key, value)| Property::new(key.as_raw(), value)).into();
    object(SpaTypes::ObjectParamFormat, ParamType::EnumFormat, values)
}

fn buffers() -> Vec<u8> {
    let stride = i32::try_from(STRIDE).unwrap();
    let values = [
        (sys::SPA_PARAM_BUFFERS_buffers, 4),
        (sys::SPA_PARAM_BUFFERS_blocks, 1),
        (sys::SPA_PARAM_BUFFERS_stride, stride),
        (sys::SPA_PARAM_BUFFERS_size, stride * i32::try_from(HEIGHT).unwrap()),
    ];
    let values = values.map(|(key, value)| Property::new(key, Spa::Int(value))).into();
    object(SpaTypes::ObjectParamBuffers, ParamType::Buffers, values)
}
