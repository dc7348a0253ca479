//! Streams in whatever format a device has.

use crate::{link::Fault, link::Waker, player::Player, recorder::Recorder};
use cpal::{
    BufferSize, Device, Error, ErrorKind, FromSample, SampleFormat, SizedSample, Stream, StreamConfig,
    SupportedStreamConfig,
    traits::{DeviceTrait, StreamTrait},
};
use std::{sync::Arc, time::Duration};

/// How long a device may take to open.
pub(crate) const OPENING: Duration = Duration::from_secs(2);

/// Evaluates `$body` with `$T` standing for the type of `$format`'s samples.
macro_rules! with_type {
    ($format:expr, $T:ident => $body:expr) => {
        match $format {
            SampleFormat::F32 => {
                type $T = f32;
                $body
            }
            SampleFormat::I16 => {
                type $T = i16;
                $body
            }
            SampleFormat::I24 => {
                type $T = cpal::I24;
                $body
            }
            SampleFormat::I32 => {
                type $T = i32;
                $body
            }
            SampleFormat::U8 => {
                type $T = u8;
                $body
            }
            SampleFormat::U16 => {
                type $T = u16;
                $body
            }
            SampleFormat::I8 => {
                type $T = i8;
                $body
            }
            SampleFormat::U24 => {
                type $T = cpal::U24;
                $body
            }
            SampleFormat::U32 => {
                type $T = u32;
                $body
            }
            SampleFormat::I64 => {
                type $T = i64;
                $body
            }
            SampleFormat::U64 => {
                type $T = u64;
                $body
            }
            SampleFormat::F64 => {
                type $T = f64;
                $body
            }
            _ => Err(ErrorKind::UnsupportedConfig.into()),
        }
    };
}

/// Raises a flag for errors after which a stream is dead. It does nothing else: some servers call it a million times.
pub(crate) struct Alarm {
    pub(crate) fault: Arc<Fault>,
    pub(crate) watch: Arc<Waker>,
}

impl Alarm {
    fn ring(&self, error: &Error) {
        match error.kind() {
            ErrorKind::Xrun | ErrorKind::DeviceChanged | ErrorKind::RealtimeDenied => {}
            _ => self.fault.raise(&self.watch),
        }
    }
}

/// Opens a microphone in its own format and starts it.
pub(crate) fn open_input(
    device: &Device,
    own: &SupportedStreamConfig,
    buffer: BufferSize,
    recorder: Recorder,
    alarm: Alarm,
) -> Result<Stream, Error> {
    let config = config(own, buffer);
    let stream = with_type!(own.sample_format(), T => input_of::<T>(device, config, recorder, alarm))?;
    stream.play()?;
    Ok(stream)
}

fn input_of<T: SizedSample>(
    device: &Device,
    config: StreamConfig,
    mut recorder: Recorder,
    alarm: Alarm,
) -> Result<Stream, Error>
where
    f32: FromSample<T>,
{
    let heard = move |data: &[T], _: &cpal::InputCallbackInfo| recorder.take(data);
    device.build_input_stream(config, heard, move |error| alarm.ring(&error), Some(OPENING))
}

/// Opens a loudspeaker in its own format and starts it.
pub(crate) fn open_output(
    device: &Device,
    own: &SupportedStreamConfig,
    buffer: BufferSize,
    player: Player,
    alarm: Alarm,
) -> Result<Stream, Error> {
    let config = config(own, buffer);
    let stream = with_type!(own.sample_format(), T => output_of::<T>(device, config, player, alarm))?;
    stream.play()?;
    Ok(stream)
}

fn output_of<T: SizedSample + FromSample<f32>>(
    device: &Device,
    config: StreamConfig,
    mut player: Player,
    alarm: Alarm,
) -> Result<Stream, Error> {
    let wanted = move |data: &mut [T], info: &cpal::OutputCallbackInfo| {
        let at = info.timestamp();
        player.fill(data, at.playback.saturating_duration_since(at.callback));
    };
    device.build_output_stream(config, wanted, move |error| alarm.ring(&error), Some(OPENING))
}

fn config(own: &SupportedStreamConfig, buffer_size: BufferSize) -> StreamConfig {
    StreamConfig { channels: own.channels(), sample_rate: own.sample_rate(), buffer_size }
}
