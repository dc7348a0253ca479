//! A cast's stream of pictures, read from PipeWire. Pictures are asked for in plain memory: what lies in a graphics card's
//! memory would have to be brought from there by whoever knows the card.

use std::io::Cursor;
use std::os::fd::OwnedFd;
use std::sync::Arc;

use pipewire::context::ContextRc;
use pipewire::main_loop::MainLoopRc;
use pipewire::properties::properties;
use pipewire::spa::buffer::meta::{MetaVideoCrop, Metadata as _};
use pipewire::spa::buffer::{ChunkFlags, DataType};
use pipewire::spa::param::ParamType;
use pipewire::spa::param::format::{FormatProperties, MediaSubtype, MediaType};
use pipewire::spa::param::video::{VideoFormat, VideoInfoRaw};
use pipewire::spa::pod::serialize::PodSerializer;
use pipewire::spa::pod::{ChoiceValue, Object, Pod, Property, Value};
use pipewire::spa::sys;
use pipewire::spa::utils::{Choice, ChoiceEnum, ChoiceFlags, Direction, Fraction, Id, Rectangle, SpaTypes};
use pipewire::stream::{Stream, StreamBox, StreamFlags, StreamState};
use pipewire::{channel, keys};

use super::frames::{Feed, Like, Order};
use crate::{Rect, SightError};

/// In the order in which we would have them: what compositors draw in comes first.
const FORMATS: [VideoFormat; 6] = [
    VideoFormat::BGRx,
    VideoFormat::RGBx,
    VideoFormat::BGRA,
    VideoFormat::RGBA,
    VideoFormat::BGR,
    VideoFormat::RGB,
];

/// So many pictures a second are plenty: two are looked at.
const A_SECOND: Fraction = Fraction { num: 8, denom: 1 };
const MOST: Fraction = Fraction { num: 1000, denom: 1 };

/// Reads a stream into the feed until told to quit, or until it ends, and tells the feed why.
pub(super) fn read(remote: OwnedFd, node: u32, feed: &Arc<Feed>, quit: channel::Receiver<()>) {
    if let Err(error) = reading(remote, node, feed, quit) {
        feed.end(broken(&error));
    }
    // Whatever ended it, no picture comes any more.
    feed.end(SightError::Stopped);
}

fn broken(error: &dyn std::fmt::Display) -> SightError {
    SightError::Picture(format!("PipeWire, which passes pictures of the screen on, says: {error}"))
}

fn reading(
    remote: OwnedFd,
    node: u32,
    feed: &Arc<Feed>,
    quit: channel::Receiver<()>,
) -> Result<(), pipewire::Error> {
    pipewire::init();
    let main_loop = MainLoopRc::new(None)?;
    let context = ContextRc::new(&main_loop, None)?;
    let core = context.connect_fd_rc(remote, None)?;

    let quitting = main_loop.clone();
    let _quit = quit.attach(main_loop.loop_(), move |()| quitting.quit());
    let (lost, quitting) = (feed.clone(), main_loop.clone());
    let errors = move |id, _, _, message: &str| {
        if id == pipewire::core::PW_ID_CORE {
            lost.end(broken(&message));
            quitting.quit();
        }
    };
    let _errors = core.add_listener_local().error(errors).register();

    let wanted = properties! {
        *keys::MEDIA_TYPE => "Video",
        *keys::MEDIA_CATEGORY => "Capture",
        *keys::MEDIA_ROLE => "Screen",
    };
    let stream = StreamBox::new(&core, "Hark", wanted)?;
    let (told, quitting) = (feed.clone(), main_loop.clone());
    let listening = stream
        .add_local_listener_with_user_data(Reader { feed: feed.clone(), like: None })
        .state_changed(move |_, _, old, new| {
            match new {
                StreamState::Error(message) => told.end(broken(&message)),
                StreamState::Unconnected if old != StreamState::Unconnected => {}
                _ => return,
            }
            quitting.quit();
        })
        .param_changed(|_, reader, id, param| {
            if let Some(param) = param.filter(|_| id == ParamType::Format.as_raw()) {
                reader.agree(param);
            }
        })
        .process(|stream, reader| reader.take(stream));
    let _listening = listening.register()?;

    // Whoever cannot be so slow is as fast as it likes.
    // All at once: what is asked for later makes the source begin anew, and some lose their first picture by it.
    let offered = [offered(A_SECOND), offered(MOST), memory(), crop()];
    let mut offered: Vec<&Pod> = offered.iter().filter_map(|bytes| Pod::from_bytes(bytes)).collect();
    // A stream whose source is gone is over, and not to be given another source.
    let flags = StreamFlags::AUTOCONNECT | StreamFlags::MAP_BUFFERS | StreamFlags::DONT_RECONNECT;
    stream.connect(Direction::Input, Some(node), flags, &mut offered)?;
    main_loop.run();
    Ok(())
}

/// What comes, once it is agreed what it is like.
struct Reader {
    feed: Arc<Feed>,
    like: Option<Like>,
}

impl Reader {
    /// The source has chosen a format.
    fn agree(&mut self, format: &Pod) {
        let mut info = VideoInfoRaw::default();
        self.like = info.parse(format).ok().and_then(|_| {
            let size = info.size();
            Some(Like { width: size.width, height: size.height, order: Order::of(info.format())? })
        });
    }

    /// Takes all that has come; the newest picture stays.
    fn take(&mut self, stream: &Stream) {
        while let Some(mut buffer) = stream.dequeue_buffer() {
            let shown = buffer.find_meta::<MetaVideoCrop>().map(MetaVideoCrop::meta_region);
            let shown = shown.filter(|region| region.is_valid()).map(|region| {
                let (at, size) = (region.position(), region.size());
                Rect::new(at.x, at.y, size.width, size.height)
            });
            let (Some(like), Some(data)) = (self.like, buffer.datas_mut().first_mut()) else { continue };
            let chunk = data.chunk();
            let (offset, size) = (chunk.offset() as usize, chunk.size() as usize);
            let stride = usize::try_from(chunk.stride()).unwrap_or(0);
            // Nothing was drawn, only the pointer has moved; or it says itself that it is of no use.
            if size == 0 || chunk.flags().contains(ChunkFlags::CORRUPTED) {
                continue;
            }
            if let Some(bytes) = data.data().and_then(|all| all.get(offset..)) {
                self.feed.put(like, stride, shown, &bytes[..size.min(bytes.len())]);
            }
        }
    }
}

fn choice<T: pipewire::spa::pod::CanonicalFixedSizedPod>(of: ChoiceEnum<T>) -> Choice<T> {
    Choice(ChoiceFlags::empty(), of)
}

fn object(kind: SpaTypes, id: ParamType, properties: Vec<Property>) -> Vec<u8> {
    let object = Value::Object(Object { type_: kind.as_raw(), id: id.as_raw(), properties });
    // Nothing of it is too large or of another type: what cannot be written is not asked for.
    PodSerializer::serialize(Cursor::new(Vec::new()), &object)
        .map(|(written, _)| written.into_inner())
        .unwrap_or_default()
}

/// What we can read, at most so many times a second.
fn offered(at_most: Fraction) -> Vec<u8> {
    let [preferred, ..] = FORMATS;
    let id = |format: VideoFormat| Id(format.as_raw());
    let formats = ChoiceEnum::Enum { default: id(preferred), alternatives: FORMATS.map(id).to_vec() };
    let square = |side| Rectangle { width: side, height: side };
    let sizes = ChoiceEnum::Range {
        default: Rectangle { width: 1920, height: 1080 },
        min: square(1),
        max: square(32_768),
    };
    // 0: as it changes.
    let as_it_changes = Fraction { num: 0, denom: 1 };
    let rates = ChoiceEnum::Range { default: as_it_changes, min: as_it_changes, max: MOST };
    let at_most = ChoiceEnum::Range { default: at_most, min: Fraction { num: 1, denom: 1 }, max: at_most };
    let property = |key: FormatProperties, value| Property::new(key.as_raw(), value);
    let choices = [
        (FormatProperties::VideoFormat, ChoiceValue::Id(choice(formats))),
        (FormatProperties::VideoSize, ChoiceValue::Rectangle(choice(sizes))),
        (FormatProperties::VideoFramerate, ChoiceValue::Fraction(choice(rates))),
        (FormatProperties::VideoMaxFramerate, ChoiceValue::Fraction(choice(at_most))),
    ];
    let mut properties = vec![
        property(FormatProperties::MediaType, Value::Id(Id(MediaType::Video.as_raw()))),
        property(FormatProperties::MediaSubtype, Value::Id(Id(MediaSubtype::Raw.as_raw()))),
    ];
    properties.extend(choices.map(|(key, value)| property(key, Value::Choice(value))));
    object(SpaTypes::ObjectParamFormat, ParamType::EnumFormat, properties)
}

/// Pictures in memory that a program can read.
fn memory() -> Vec<u8> {
    let kinds = [DataType::MemPtr, DataType::MemFd].map(|kind| 1_i32 << kind.as_raw());
    let both = kinds[0] | kinds[1];
    let kinds = ChoiceEnum::Flags { default: both, flags: vec![both] };
    let kinds = Value::Choice(ChoiceValue::Int(choice(kinds)));
    let properties = vec![Property::new(sys::SPA_PARAM_BUFFERS_dataType, kinds)];
    object(SpaTypes::ObjectParamBuffers, ParamType::Buffers, properties)
}

/// Which part of each picture is the window.
fn crop() -> Vec<u8> {
    let size = i32::try_from(size_of::<sys::spa_meta_region>()).unwrap_or(0);
    let properties = vec![
        Property::new(sys::SPA_PARAM_META_type, Value::Id(Id(MetaVideoCrop::META_TYPE))),
        Property::new(sys::SPA_PARAM_META_size, Value::Int(size)),
    ];
    object(SpaTypes::ObjectParamMeta, ParamType::Meta, properties)
}
