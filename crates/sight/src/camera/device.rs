//! The system's cameras, through nokhwa: `Video4Linux`, `AVFoundation`, Media Foundation.

use nokhwa::utils::{
    ApiBackend, CameraFormat, CameraIndex, FrameFormat, RequestedFormat, RequestedFormatType, Resolution,
};

use super::{Camera, CameraId, CameraInfo, CameraSource, Lens, Raw, RawFormat};
use crate::{Permission, SightError};

/// What is asked of a camera: enough to read a page that is held up, and what nearly every camera has.
const WANTED: (u32, u32) = (1280, 720);

/// Fewer pictures a second are shown as a row of stills.
const FLUENT: u32 = 10;

/// Formats that can be decoded here.
const FORMATS: &[FrameFormat] = &[
    FrameFormat::MJPEG,
    FrameFormat::NV12,
    FrameFormat::YUYV,
    FrameFormat::RAWRGB,
    FrameFormat::RAWBGR,
    FrameFormat::GRAY,
];

/// The system's cameras.
#[derive(Debug, Clone, Copy, Default)]
pub struct Devices;

impl CameraSource for Devices {
    fn list(&self) -> Result<Vec<CameraInfo>, SightError> {
        let info =
            |(index, name): (CameraIndex, String)| CameraInfo { id: CameraId(index.as_string()), name };
        Ok(found()?.into_iter().map(info).collect())
    }

    fn open(&self, camera: Option<&CameraId>) -> Result<Camera, SightError> {
        let mut found = found()?;
        let wanted = match camera {
            None if found.is_empty() => return Err(SightError::NoCamera),
            None => found.remove(0).0,
            Some(id) => {
                let same = |(index, _): &(CameraIndex, String)| index.as_string() == id.0;
                let found = found.into_iter().find(same);
                found.ok_or_else(|| SightError::CameraGone(id.0.clone()))?.0
            }
        };
        allowed()?;
        Camera::start(move || Ok(Box::new(Device::open(wanted)?)))
    }
}

fn found() -> Result<Vec<(CameraIndex, String)>, SightError> {
    // Video4Linux numbers a camera's other channels as devices, too; those without pictures have no number of their own
    // to tell by, and opening them says what they are.
    let found = nokhwa::query(ApiBackend::Auto).map_err(failed)?;
    let mut found: Vec<_> = found.iter().map(|info| (info.index().clone(), info.human_name())).collect();
    found.sort_by_key(|(index, _)| index.as_index().unwrap_or(u32::MAX));
    Ok(found)
}

/// Asks the user, where the system wants that (macOS), and waits for the answer.
fn allowed() -> Result<(), SightError> {
    if nokhwa::nokhwa_check() {
        return Ok(());
    }
    let (tell, answer) = std::sync::mpsc::sync_channel(1);
    nokhwa::nokhwa_initialize(move |yes| {
        let _ = tell.try_send(yes);
    });
    if answer.recv() == Ok(true) { Ok(()) } else { Err(SightError::Refused(Permission::Camera)) }
}

struct Device(nokhwa::Camera);

impl Device {
    fn open(index: CameraIndex) -> Result<Self, SightError> {
        // Opened with whatever it has, to ask what that is.
        let any = RequestedFormat::with_formats(RequestedFormatType::None, FORMATS);
        let mut camera = nokhwa::Camera::new(index, any).map_err(failed)?;
        if let Some(best) = best(&camera.compatible_camera_formats().map_err(failed)?) {
            let exactly = RequestedFormat::with_formats(RequestedFormatType::Exact(best), FORMATS);
            camera.set_camera_requset(exactly).map_err(failed)?;
        }
        camera.open_stream().map_err(failed)?;
        Ok(Self(camera))
    }
}

impl Lens for Device {
    fn next(&mut self) -> Result<Raw, SightError> {
        let buffer = self.0.frame().map_err(failed)?;
        let size = buffer.resolution();
        Ok(Raw {
            width: size.width(),
            height: size.height(),
            format: match buffer.source_frame_format() {
                FrameFormat::MJPEG => RawFormat::Jpeg,
                FrameFormat::YUYV => RawFormat::Yuyv,
                FrameFormat::NV12 => RawFormat::Nv12,
                FrameFormat::GRAY => RawFormat::Grey,
                FrameFormat::RAWRGB => RawFormat::Rgb,
                FrameFormat::RAWBGR => RawFormat::Bgr,
            },
            bytes: buffer.buffer().to_vec(),
        })
    }
}

impl Drop for Device {
    fn drop(&mut self) {
        // One that was pulled out is closed already.
        let _ = self.0.stop_stream();
    }
}

/// The format nearest to what is wanted: fluent, then of this size, then in the order of [`FORMATS`], then the slowest of
/// the fluent ones, which costs least.
fn best(formats: &[CameraFormat]) -> Option<CameraFormat> {
    let wanted = Resolution::new(WANTED.0, WANTED.1);
    let rank = |format: &&CameraFormat| {
        let size = format.resolution();
        let away = size.width().abs_diff(wanted.width()) + size.height().abs_diff(wanted.height());
        let packed = FORMATS.iter().position(|known| *known == format.format());
        let rate = format.frame_rate();
        (rate < FLUENT, away, packed, if rate < FLUENT { u32::MAX - rate } else { rate })
    };
    formats.iter().filter(|format| FORMATS.contains(&format.format())).min_by_key(rank).copied()
}

#[allow(clippy::needless_pass_by_value)] // for map_err
fn failed(error: nokhwa::NokhwaError) -> SightError {
    let sentence = error.to_string();
    // The library hands on the system's words. EACCES: the user is not in the group that may use cameras.
    if sentence.contains("Permission denied") || sentence.contains("os error 13") {
        return SightError::Refused(Permission::Camera);
    }
    SightError::Camera(sentence)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn format(width: u32, height: u32, format: FrameFormat, rate: u32) -> CameraFormat {
        CameraFormat::new(Resolution::new(width, height), format, rate)
    }

    #[test]
    fn a_fluent_picture_of_the_right_size_is_chosen() {
        let jpeg = format(1280, 720, FrameFormat::MJPEG, 30);
        let slow = format(1280, 720, FrameFormat::YUYV, 5);
        let small = format(640, 480, FrameFormat::YUYV, 30);
        let fast = format(1280, 720, FrameFormat::MJPEG, 60);
        assert_eq!(best(&[slow, small, fast, jpeg]), Some(jpeg));
        assert_eq!(best(&[slow, small]), Some(small));
        assert_eq!(best(&[slow]), Some(slow));
        assert_eq!(best(&[]), None);
    }

    #[test]
    fn a_camera_that_is_not_there_is_a_sentence() {
        let absent = CameraId("4000000000".into());
        assert_eq!(Devices.open(Some(&absent)).err(), Some(SightError::CameraGone(absent.0.clone())));
        if Devices.list().unwrap().is_empty() {
            assert_eq!(Devices.open(None).err(), Some(SightError::NoCamera));
        } else {
            println!("a camera is connected: what is said without one is not tried");
        }
    }
}
