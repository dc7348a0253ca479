//! Why something cannot be seen, as sentences for the user.

/// Why something cannot be seen. Every text says what happened and what can be done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SightError {
    /// Neither X11 nor Wayland is there.
    #[error(
        "There is no screen here: neither DISPLAY nor WAYLAND_DISPLAY is set. Start Hark in your desktop session."
    )]
    NoScreen,
    /// The display server does not answer, or no longer.
    #[error(
        "The screen cannot be reached: {0}. If you are logged in on it, start Hark again in that session."
    )]
    Unreachable(String),
    /// The system or the user said no.
    #[error("Hark was not allowed to {0}. Allow it in the system's settings, under privacy, and try again.")]
    Refused(Permission),
    /// It cannot be done on this system at all; the text says what can be done in its place.
    #[error("{0}")]
    NotHere(&'static str),
    /// A region without an area.
    #[error("This region has no area. Give it a width and a height above zero.")]
    EmptyRegion,
    /// A region where no monitor is.
    #[error("This region lies outside of every monitor. Choose one that is on the screen.")]
    OffScreen,
    /// No such monitor, or it was unplugged.
    #[error("This monitor is no longer there. Choose another one.")]
    MonitorGone,
    /// The window was closed.
    #[error("This window is no longer there. Choose another one.")]
    WindowGone,
    /// The window has no picture.
    #[error("This window is minimised, so there is no picture of it. Bring it up and try again.")]
    Minimised,
    /// A window of ours did not leave the screen in time.
    #[error("Hark's own window did not leave the screen, so no picture was taken. Hide it and try again.")]
    OwnWindowStays,
    /// A screen with colours from a table.
    #[error("This screen has {0} bits a pixel, which cannot be read. Set it to 16 million colours.")]
    ColourDepth(u8),
    /// Nothing is marked anywhere.
    #[error("Nothing is selected. Mark some text with the mouse and try again.")]
    NothingSelected,
    /// The clipboard has neither text nor an image.
    #[error("The clipboard has neither text nor a picture. Copy something and try again.")]
    ClipboardEmpty,
    /// The clipboard cannot be read.
    #[error("The clipboard cannot be read: {0}. Try again, or paste the text yourself.")]
    Clipboard(String),
    /// No camera is connected.
    #[error("There is no camera. Connect one and try again.")]
    NoCamera,
    /// The camera chosen is not connected.
    #[error("The camera “{0}” is not connected. Connect it or choose another one.")]
    CameraGone(String),
    /// The camera is there and cannot be used.
    #[error("The camera cannot be used: {0}. Close other programs that use it and try again.")]
    Camera(String),
    /// What is shared was ended in the desktop: by the user there, or because it was closed or unplugged.
    #[error("Sharing was ended by the desktop. Share it again if Hark should go on seeing it.")]
    Stopped,
    /// A picture could not be made.
    #[error("No picture could be made: {0}. Try again.")]
    Picture(String),
}

/// What the system may refuse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permission {
    /// To see the screen.
    Screen,
    /// To press keys in another program, which copies its selected text.
    Keys,
    /// To use the camera.
    Camera,
}

impl Permission {
    /// The page of the system's settings where it is given, as an address that the system opens; `None` where there is
    /// no such page, or nobody knows its address.
    pub fn settings_page(self) -> Option<&'static str> {
        // https://developer.apple.com/documentation/devicemanagement/systempreferences names the panes; the anchors are
        // those that macOS itself links to. https://learn.microsoft.com/windows/apps/develop/launch/launch-settings
        if cfg!(target_os = "macos") {
            Some(match self {
                Self::Screen => {
                    "x-apple.systempreferences:com.apple.preference.security?Privacy_ScreenCapture"
                }
                Self::Keys => "x-apple.systempreferences:com.apple.preference.security?Privacy_Accessibility",
                Self::Camera => "x-apple.systempreferences:com.apple.preference.security?Privacy_Camera",
            })
        } else if cfg!(windows) {
            matches!(self, Self::Camera).then_some("ms-settings:privacy-webcam")
        } else {
            None
        }
    }
}

impl std::fmt::Display for Permission {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Screen => "see the screen",
            Self::Keys => "copy what is selected in another program",
            Self::Camera => "use the camera",
        })
    }
}
