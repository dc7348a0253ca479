//! eSpeak NG's C interface (`speak_lib.h`, API revision 12), found and loaded at run time.
//!
//! The library is one synthesiser per process and not safe to call from two threads: [`Espeak`] is made once, is not
//! `Send`, and is the only one that calls it.

// Calls into a C library.
#![allow(unsafe_code)]

use std::any::Any;
use std::cell::Cell;
use std::ffi::{CStr, CString, OsString, c_char, c_int, c_short, c_uint, c_void};
use std::marker::PhantomData;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::Path;

use libloading::Library;

/// Milliseconds of a piece of sound: what the first sound waits for.
const PIECE_MS: c_int = 50;

const AUDIO_OUTPUT_SYNCHRONOUS: c_int = 2;
const INITIALIZE_PHONEME_EVENTS: c_int = 0x0001;
const INITIALIZE_PHONEME_IPA: c_int = 0x0002;
const INITIALIZE_DONT_EXIT: c_int = 0x8000;
/// Without `espeakSSML` (0x10) and `espeakPHONEMES` (0x100): `<` and `[[` are characters like others.
const CHARS_UTF8: c_uint = 1;
const POS_CHARACTER: c_int = 1;
const EVENT_LIST_TERMINATED: c_int = 0;
const EVENT_WORD: c_int = 1;
const EVENT_PHONEME: c_int = 7;
const PHONEMES_IPA: c_int = 2;
const RATE: c_int = 1;

/// `espeak_EVENT`.
#[repr(C)]
struct RawEvent {
    kind: c_int,
    unique_identifier: c_uint,
    text_position: c_int,
    length: c_int,
    audio_position: c_int,
    sample: c_int,
    user_data: *mut c_void,
    id: RawId,
}

#[repr(C)]
union RawId {
    number: c_int,
    name: *const c_char,
    string: [u8; 8],
}

/// `espeak_VOICE`.
#[repr(C)]
struct RawVoice {
    name: *const c_char,
    languages: *const c_char,
    identifier: *const c_char,
    gender: u8,
    age: u8,
    variant: u8,
    xx1: u8,
    score: c_int,
    spare: *mut c_void,
}

type SynthCallback = unsafe extern "C" fn(*mut c_short, c_int, *mut RawEvent) -> c_int;

/// The functions that are used, as the header declares them. They live as long as the library, which is never closed.
struct Functions {
    initialize: unsafe extern "C" fn(c_int, c_int, *const c_char, c_int) -> c_int,
    set_synth_callback: unsafe extern "C" fn(SynthCallback),
    synth: unsafe extern "C" fn(
        *const c_void,
        usize,
        c_uint,
        c_int,
        c_uint,
        c_uint,
        *mut c_uint,
        *mut c_void,
    ) -> c_int,
    cancel: unsafe extern "C" fn() -> c_int,
    set_parameter: unsafe extern "C" fn(c_int, c_int, c_int) -> c_int,
    set_voice_by_name: unsafe extern "C" fn(*const c_char) -> c_int,
    list_voices: unsafe extern "C" fn(*mut RawVoice) -> *const *const RawVoice,
    text_to_phonemes: unsafe extern "C" fn(*mut *const c_void, c_int, c_int) -> *const c_char,
    info: unsafe extern "C" fn(*mut *const c_char) -> *const c_char,
}

impl Functions {
    fn of(library: &'static Library) -> Result<Self, libloading::Error> {
        // SAFETY: the names and types are those of `speak_lib.h`, unchanged since revision 9 of 2013, and `library`
        // is never closed.
        unsafe {
            Ok(Self {
                initialize: *library.get(c"espeak_Initialize")?,
                set_synth_callback: *library.get(c"espeak_SetSynthCallback")?,
                synth: *library.get(c"espeak_Synth")?,
                cancel: *library.get(c"espeak_Cancel")?,
                set_parameter: *library.get(c"espeak_SetParameter")?,
                set_voice_by_name: *library.get(c"espeak_SetVoiceByName")?,
                list_voices: *library.get(c"espeak_ListVoices")?,
                text_to_phonemes: *library.get(c"espeak_TextToPhonemes")?,
                info: *library.get(c"espeak_Info")?,
            })
        }
    }
}

/// What the synthesiser reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Event {
    /// A word begins.
    Word {
        /// Its first character in the text, counted from 0.
        character: usize,
        /// The sample it begins with, counted from the beginning of the call.
        sample: u64,
    },
    /// A phoneme of the word that began last, in the International Phonetic Alphabet without stress.
    Phoneme(String),
}

/// A voice as the library lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ListedVoice {
    /// Name for people.
    pub(crate) name: String,
    /// Its file, which names it to [`Espeak::set_voice`].
    pub(crate) file: String,
    /// How well it suits (less is better) which language.
    pub(crate) languages: Vec<(u8, String)>,
}

/// Hears what is made, in order: sound of [`Espeak::rate`], and what happens in it.
pub(crate) type Listener<'a> = dyn FnMut(&[i16], Vec<Event>) -> ControlFlow<()> + 'a;

/// Why the library does not start.
#[derive(Debug)]
pub(crate) enum NoLibrary {
    /// None of the names is a library that can be loaded.
    NotFound,
    /// It is there and is not eSpeak NG.
    Unlike,
    /// It does not find its data.
    NoData,
}

/// The synthesiser.
pub(crate) struct Espeak {
    functions: Functions,
    rate: u32,
    /// Not `Send`: all calls come from one thread.
    here: PhantomData<*const ()>,
}

impl Espeak {
    /// Loads the first of `names` that can be loaded, and starts it. To be called once in a process that succeeds.
    pub(crate) fn start(names: &[OsString], data: Option<&Path>) -> Result<Self, NoLibrary> {
        // SAFETY: loading runs the library's initialisers; eSpeak NG has none that matter. A user who names another
        // file in the settings chooses what runs.
        let library = names.iter().find_map(|name| unsafe { Library::new(name) }.ok());
        let library: &'static Library = Box::leak(Box::new(library.ok_or(NoLibrary::NotFound)?));
        let functions = Functions::of(library).map_err(|_| NoLibrary::Unlike)?;
        let data = data.and_then(|path| CString::new(path.as_os_str().as_encoded_bytes()).ok());
        let path = data.as_ref().map_or(std::ptr::null(), |path| path.as_ptr());
        let options = INITIALIZE_DONT_EXIT | INITIALIZE_PHONEME_EVENTS | INITIALIZE_PHONEME_IPA;
        // SAFETY: `path` is null or a terminated string that lives for the call.
        let rate = unsafe { (functions.initialize)(AUDIO_OUTPUT_SYNCHRONOUS, PIECE_MS, path, options) };
        let rate = u32::try_from(rate).ok().filter(|rate| *rate > 0).ok_or(NoLibrary::NoData)?;
        // SAFETY: a plain function that lives as long as the program.
        unsafe { (functions.set_synth_callback)(take_piece) };
        Ok(Self { functions, rate, here: PhantomData })
    }

    /// Samples a second.
    pub(crate) fn rate(&self) -> u32 {
        self.rate
    }

    /// The library's version.
    pub(crate) fn version(&self) -> String {
        // SAFETY: the parameter may be null; the answer is a static string.
        unsafe { text((self.functions.info)(std::ptr::null_mut())) }
    }

    /// Takes the voice with this file, language or name; `false` when there is none.
    pub(crate) fn set_voice(&mut self, name: &str) -> bool {
        let Ok(name) = CString::new(name) else { return false };
        // SAFETY: a terminated string that lives for the call, which copies it.
        unsafe { (self.functions.set_voice_by_name)(name.as_ptr()) == 0 }
    }

    /// Words a minute.
    pub(crate) fn set_pace(&mut self, words: u32) {
        let words = c_int::try_from(words).unwrap_or(c_int::MAX);
        // SAFETY: no pointers. An unknown value is clamped by the library.
        unsafe { (self.functions.set_parameter)(RATE, words, 0) };
    }

    /// The voices there are.
    pub(crate) fn voices(&mut self) -> Vec<ListedVoice> {
        let mut voices = Vec::new();
        // SAFETY: a null specification lists all; the answer is an array of pointers that ends with null and belongs
        // to the library until the next call, which cannot come before these lines end.
        unsafe {
            let mut at = (self.functions.list_voices)(std::ptr::null_mut());
            while let Some(voice) = at.as_ref().and_then(|voice| voice.as_ref()) {
                voices.push(ListedVoice {
                    name: text(voice.name),
                    file: text(voice.identifier),
                    languages: languages(voice.languages),
                });
                at = at.add(1);
            }
        }
        voices
    }

    /// Makes all sound of `words` and returns then. A listener that breaks ends it within a piece.
    pub(crate) fn synthesize(&mut self, words: &CStr, listener: &mut Listener<'_>) -> ControlFlow<()> {
        let mut hearing = Hearing { listener, flow: ControlFlow::Continue(()), panic: None };
        let erased: *mut Hearing<'_, '_> = &raw mut hearing;
        HEARING.set(erased.cast());
        // SAFETY: in synchronous mode the callback is called only within this call, on this thread, and `hearing`
        // outlives it. The text is terminated; its size counts the terminator.
        unsafe {
            (self.functions.synth)(
                words.as_ptr().cast(),
                words.count_bytes() + 1,
                0,
                POS_CHARACTER,
                0,
                CHARS_UTF8,
                std::ptr::null_mut(),
                std::ptr::null_mut(),
            );
        }
        HEARING.set(std::ptr::null_mut());
        if hearing.flow.is_break() {
            // SAFETY: no parameters. Clears what the next text would begin with.
            unsafe { (self.functions.cancel)() };
        }
        if let Some(panic) = hearing.panic.take() {
            resume_unwind(panic);
        }
        hearing.flow
    }

    /// How `words` is pronounced by the voice that is set, with stress, clause after clause.
    pub(crate) fn phonemes(&mut self, words: &CStr) -> String {
        let mut clauses = String::new();
        let mut at: *const c_void = words.as_ptr().cast();
        // The library moves `at` past each clause and to null at the end. It reads at least a character each time; the
        // count only guards against one that does not.
        for _ in 0..=words.count_bytes() {
            if at.is_null() {
                break;
            }
            // SAFETY: `at` points into `words`, as the library has set it; the answer is a string of the library's
            // own that lives until the next call.
            let clause = unsafe {
                text((self.functions.text_to_phonemes)(&raw mut at, CHARS_UTF8.cast_signed(), PHONEMES_IPA))
            };
            clauses.push_str(&clause);
            clauses.push(' ');
        }
        clauses
    }
}

/// A call to [`Espeak::synthesize`] that runs.
struct Hearing<'a, 'b> {
    listener: &'a mut Listener<'b>,
    flow: ControlFlow<()>,
    panic: Option<Box<dyn Any + Send>>,
}

thread_local! {
    static HEARING: Cell<*mut c_void> = const { Cell::new(std::ptr::null_mut()) };
}

/// The library's callback: 0 goes on, 1 stops. Nothing may unwind through the library: a panic stops it and goes on
/// after it.
unsafe extern "C" fn take_piece(sound: *mut c_short, samples: c_int, events: *mut RawEvent) -> c_int {
    let hearing: *mut Hearing<'_, '_> = HEARING.get().cast();
    // SAFETY: not null only while `synthesize` is on this thread's stack with what it points to.
    let Some(hearing) = (unsafe { hearing.as_mut() }) else { return 1 };
    if hearing.flow.is_break() {
        return 1;
    }
    let heard = catch_unwind(AssertUnwindSafe(|| {
        let count = usize::try_from(samples).unwrap_or(0);
        let sound: &[i16] = if sound.is_null() || count == 0 {
            &[]
        } else {
            // SAFETY: the library says that so many samples are there for the length of this call.
            unsafe { std::slice::from_raw_parts(sound, count) }
        };
        // SAFETY: as the library gives it.
        let events = unsafe { read_events(events) };
        (hearing.listener)(sound, events)
    }));
    match heard {
        Ok(flow) => hearing.flow = flow,
        Err(panic) => {
            hearing.flow = ControlFlow::Break(());
            hearing.panic = Some(panic);
        }
    }
    c_int::from(hearing.flow.is_break())
}

/// # Safety
/// `at` is null or an array that ends with an event of type 0.
unsafe fn read_events(mut at: *const RawEvent) -> Vec<Event> {
    let mut events = Vec::new();
    // SAFETY: as this function's.
    while let Some(event) = unsafe { at.as_ref() }.filter(|event| event.kind != EVENT_LIST_TERMINATED) {
        match event.kind {
            EVENT_WORD => events.push(Event::Word {
                character: usize::try_from(event.text_position - 1).unwrap_or(0),
                sample: u64::try_from(event.sample).unwrap_or(0),
            }),
            EVENT_PHONEME => {
                // SAFETY: this kind of event has its name in the union.
                let name = unsafe { event.id.string };
                let end = name.iter().position(|byte| *byte == 0).unwrap_or(name.len());
                events.push(Event::Phoneme(String::from_utf8_lossy(&name[..end]).into_owned()));
            }
            _ => {}
        }
        // SAFETY: this one was not the last.
        at = unsafe { at.add(1) };
    }
    events
}

/// # Safety
/// `at` is null or a terminated string.
unsafe fn text(at: *const c_char) -> String {
    if at.is_null() {
        return String::new();
    }
    // SAFETY: as this function's.
    unsafe { CStr::from_ptr(at) }.to_string_lossy().into_owned()
}

/// # Safety
/// `at` is null or a list of a byte and a terminated string each, that ends with a byte 0.
unsafe fn languages(mut at: *const c_char) -> Vec<(u8, String)> {
    let mut languages = Vec::new();
    // SAFETY: as this function's.
    while let Some(priority) = unsafe { at.as_ref() }.filter(|priority| **priority != 0) {
        // SAFETY: as this function's; a string follows the byte, and a byte the string.
        let name = unsafe { CStr::from_ptr(at.add(1)) };
        languages.push((priority.to_ne_bytes()[0], name.to_string_lossy().into_owned()));
        // SAFETY: as above.
        at = unsafe { at.add(2 + name.count_bytes()) };
    }
    languages
}
