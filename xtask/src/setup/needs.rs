//! The table of system packages. One row per thing needed, one column per package manager.
//!
//! An empty column means that the system brings it, or that what it is for does not exist there (the real-window tests
//! are Linux only).

use super::{Purpose, package_tool::PackageTool};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Importance {
    /// Nothing can be built (or tested) without it.
    Essential,
    /// Makes builds faster, or gives one feature.
    Useful,
}

/// How its presence is noticed.
#[derive(Clone, Copy)]
pub(super) enum Probe {
    /// Any of these programs is on `PATH`, wherever it came from.
    Command(&'static [&'static str]),
    /// The package manager says so: development files, which are nobody's command.
    Package,
    /// A Python 3 whose pip starts.
    Pip,
}

type Packages = &'static [&'static str];

pub(super) struct Need {
    pub(super) what: &'static str,
    pub(super) purpose: Purpose,
    pub(super) importance: Importance,
    pub(super) probe: Probe,
    /// In the order of [`PackageTool`]: apt, dnf, pacman, zypper, brew, winget.
    packages: [Packages; 6],
}

impl Need {
    pub(super) fn packages(&self, tool: PackageTool) -> Packages {
        self.packages[tool as usize]
    }
}

const fn need(what: &'static str, purpose: Purpose, probe: Probe, packages: [Packages; 6]) -> Need {
    Need { what, purpose, importance: Importance::Essential, probe, packages }
}

/// What `--gpu vulkan` needs besides.
#[rustfmt::skip]
pub(super) const VULKAN: &[Need] = &[
    need("Vulkan", Build, Package,                                 [&["libvulkan-dev"], &["vulkan-loader-devel"], &["vulkan-headers", "vulkan-icd-loader"], &["vulkan-devel"], &["vulkan-headers", "vulkan-loader"], &["KhronosGroup.VulkanSDK"]]),
    need("SPIR-V headers", Build, Package,                         [&["spirv-headers"], &["spirv-headers-devel"], &["spirv-headers"], &["spirv-headers"], &["spirv-headers"], &[]]),
    need("shader compiler", Build, Command(&["glslc"]),            [&["glslc"],         &["glslc"],         &["shaderc"],    &["shaderc"],     &["shaderc"], &["KhronosGroup.VulkanSDK"]]),
];

const fn useful(what: &'static str, purpose: Purpose, probe: Probe, packages: [Packages; 6]) -> Need {
    Need { what, purpose, importance: Importance::Useful, probe, packages }
}

use Probe::{Command, Package, Pip};
use Purpose::{Build, Test, Window};

#[rustfmt::skip]
pub(super) const NEEDS: &[Need] = &[
    //                                                              apt                  dnf                pacman           zypper            brew         winget
    need("C and C++ compiler", Build, Command(&["c++", "cl"]),     [&["build-essential"], &["gcc-c++", "make"], &["base-devel"], &["gcc-c++", "make"], &[],     &[]]),
    need("make", Build, Command(&["make", "gmake", "nmake", "cl"]), [&["build-essential"], &["make"],          &["base-devel"], &["make"],        &[],         &[]]),
    need("CMake", Build, Command(&["cmake"]),                      [&["cmake"],         &["cmake"],         &["cmake"],      &["cmake"],       &["cmake"],  &["Kitware.CMake"]]),
    need("Clang", Build, Command(&["clang"]),                      [&["clang"],         &["clang"],         &["clang"],      &["clang"],       &[],         &["LLVM.LLVM"]]),
    need("libclang", Build, Package,                               [&["libclang-dev"],  &["clang-devel"],   &["clang"],      &["clang-devel"], &[],         &[]]),
    need("pkg-config", Build, Command(&["pkg-config", "pkgconf"]), [&["pkg-config"],    &["pkgconf-pkg-config"], &["pkgconf"], &["pkg-config"], &[],         &[]]),
    need("OpenSSL", Build, Package,                                [&["libssl-dev"],    &["openssl-devel"], &["openssl"],    &["libopenssl-devel"], &[],    &[]]),
    need("ALSA", Build, Package,                                   [&["libasound2-dev"], &["alsa-lib-devel"], &["alsa-lib"],   &["alsa-devel"],  &[],         &[]]),
    need("PipeWire", Build, Package,                               [&["libpipewire-0.3-dev"], &["pipewire-devel"], &["libpipewire"], &["pipewire-devel"], &[],    &[]]),
    // The voice that needs no model: its library is loaded when Hark speaks.
    useful("espeak-ng", Build, Command(&["espeak-ng"]),            [&["espeak-ng"],     &["espeak-ng"],     &["espeak-ng"],  &["espeak-ng"],   &["espeak-ng"], &["eSpeak-NG.eSpeak-NG"]]),
    // Pictures of phones: its library is loaded when one is attached.
    useful("libheif", Build, Package,                              [&["libheif1"],      &["libheif"],       &["libheif"],    &["libheif1"],    &["libheif"], &[]]),
    useful("ccache", Build, Command(&["ccache"]),                  [&["ccache"],        &["ccache"],        &["ccache"],     &["ccache"],      &["ccache"], &["Ccache.Ccache"]]),
    useful("pip", Build, Pip,                                      [&["python3-pip"],   &["python3-pip"],   &["python-pip"], &["python3-pip"], &["python"], &["Python.Python.3.13"]]),

    need("web view", Window, Package,                              [&["libwebkit2gtk-4.1-dev"], &["webkit2gtk4.1-devel"], &["webkit2gtk-4.1"], &["webkit2gtk3-devel"], &[], &[]]),
    need("tray icon", Window, Package,                             [&["libayatana-appindicator3-dev"], &["libappindicator-gtk3-devel"], &["libappindicator-gtk3"], &["libappindicator3-devel"], &[], &[]]),
    need("SVG icons", Window, Package,                             [&["librsvg2-dev"],  &["librsvg2-devel"], &["librsvg"],   &["librsvg-devel"], &[],       &[]]),
    need("X11 keyboard and pointer", Window, Package,              [&["libxdo-dev"],    &["libxdo-devel"],  &["xdotool"],    &["xdotool-devel"], &[],       &[]]),
    need("D-Bus", Window, Package,                                 [&["libdbus-1-dev"], &["dbus-devel"],    &["dbus"],       &["dbus-1-devel"], &[],        &[]]),

    need("WebDriver for the web view", Test, Command(&["WebKitWebDriver"]), [&["webkit2gtk-driver"], &["webkit2gtk-driver"], &["webkit2gtk-4.1"], &["webkit2gtk-driver"], &[], &[]]),
    need("virtual display", Test, Command(&["xvfb-run"]),          [&["xvfb", "xauth"], &["xorg-x11-server-Xvfb", "xauth"], &["xorg-server-xvfb", "xorg-xauth"], &["xvfb-run", "xauth"], &[], &[]]),
    need("X authority", Test, Command(&["xauth"]),                 [&["xauth"],         &["xauth"],         &["xorg-xauth"], &["xauth"],       &[],         &[]]),
    need("session bus", Test, Command(&["dbus-run-session"]),      [&["dbus", "dbus-x11"], &["dbus-daemon"], &["dbus"],     &["dbus-1"],      &[],         &[]]),
    need("window manager", Test, Command(&["openbox"]),            [&["openbox"],       &["openbox"],       &["openbox"],    &["openbox"],     &[],         &[]]),
    need("terminal to be summoned over", Test, Command(&["xterm"]), [&["xterm"],         &["xterm"],         &["xterm"],      &["xterm"],       &[],         &[]]),
    need("xdotool", Test, Command(&["xdotool"]),                   [&["xdotool"],       &["xdotool"],       &["xdotool"],    &["xdotool"],     &[],         &[]]),
    need("xclip", Test, Command(&["xclip"]),                       [&["xclip"],         &["xclip"],         &["xclip"],      &["xclip"],       &[],         &[]]),
    need("X11 utilities", Test, Command(&["xwininfo"]),            [&["x11-utils"],     &["xwininfo"],      &["xorg-xwininfo"], &["xwininfo"], &[],         &[]]),
    need("ImageMagick", Test, Command(&["import", "magick"]),      [&["imagemagick"],   &["ImageMagick"],   &["imagemagick"], &["ImageMagick"], &[],        &[]]),
    need("Chromium", Test, Command(&["chromium", "chromium-browser", "google-chrome"]), [&["chromium"], &["chromium"], &["chromium"], &["chromium"], &[], &[]]),
    need("fonts", Test, Package,                                   [&["fonts-dejavu-core", "fonts-noto-core", "fonts-noto-cjk"], &["dejavu-sans-fonts", "google-noto-sans-cjk-fonts"], &["ttf-dejavu", "noto-fonts-cjk"], &["dejavu-fonts", "noto-sans-cjk-fonts"], &[], &[]]),
    // A Wayland session without a screen; tests that need it say so where it is not there.
    useful("Wayland compositor", Test, Command(&["sway"]),         [&["sway", "swaybg"], &["sway", "swaybg"], &["sway", "swaybg"], &["sway", "swaybg"], &[],   &[]]),
    useful("pictures under Wayland", Test, Command(&["grim"]),     [&["grim"],          &["grim"],          &["grim"],       &["grim"],        &[],         &[]]),
    useful("Wayland portals", Test, Package,                       [&["xdg-desktop-portal", "xdg-desktop-portal-wlr"], &["xdg-desktop-portal", "xdg-desktop-portal-wlr"], &["xdg-desktop-portal", "xdg-desktop-portal-wlr"], &["xdg-desktop-portal", "xdg-desktop-portal-wlr"], &[], &[]]),
    useful("casts", Test, Command(&["pipewire"]),                  [&["pipewire", "pipewire-bin"], &["pipewire", "pipewire-utils"], &["pipewire"], &["pipewire", "pipewire-tools"], &[], &[]]),
    useful("who links casts", Test, Command(&["wireplumber"]),     [&["wireplumber"],   &["wireplumber"],   &["wireplumber"], &["wireplumber"], &[],        &[]]),
    need("sound server", Test, Command(&["pulseaudio"]),           [&["pulseaudio"],    &["pulseaudio"],    &["pulseaudio"], &["pulseaudio"],  &[],         &[]]),
    need("sound tools", Test, Command(&["pactl"]),                 [&["pulseaudio-utils"], &["pulseaudio-utils"], &["libpulse"], &["pulseaudio-utils"], &[], &[]]),
    // The proof that nothing leaves the machine looks at Hark in a network namespace and under a trace.
    useful("ip", Test, Command(&["ip", "/sbin/ip"]),               [&["iproute2"],      &["iproute"],       &["iproute2"],   &["iproute2"],    &[],         &[]]),
    useful("strace", Test, Command(&["strace"]),                   [&["strace"],        &["strace"],        &["strace"],     &["strace"],      &[],         &[]]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_has_a_debian_package_and_no_name_is_given_twice() {
        let mut names: Vec<&str> = NEEDS.iter().map(|need| need.what).collect();
        names.sort_unstable();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count);
        for need in NEEDS.iter().chain(VULKAN) {
            assert!(!need.packages(PackageTool::Apt).is_empty(), "{} has no Debian package", need.what);
        }
    }

    #[test]
    fn columns_are_in_the_order_of_the_tools() {
        let cmake = NEEDS.iter().find(|need| need.what == "CMake").unwrap();
        assert_eq!(cmake.packages(PackageTool::Winget), ["Kitware.CMake"]);
        assert_eq!(cmake.packages(PackageTool::Brew), ["cmake"]);
    }
}
