"""Soft generated music: a few voices over four chords, seeded, as 16-bit samples."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

RATE = 22050  # samples a second, one channel
Samples = NDArray[np.float32]

MAJOR = (0, 2, 4, 7, 9)  # pentatonic: any two notes sound well together
MINOR = (0, 3, 5, 7, 10)
PROGRESSIONS = ((0, 3, 4, 3), (0, 4, 2, 3), (0, 2, 3, 4), (0, 1, 4, 3))


@dataclass(frozen=True)
class Style:
    """`voice` plays the melody, with a note on a step with probability `density`."""

    voice: str
    beats: int  # a minute
    density: float
    scale: tuple[int, ...]
    bass: bool = True
    drums: bool = False
    noise: float = 0.0  # level of waves or rain


STYLES = {
    "piano": Style("pluck", 84, 0.62, MAJOR),
    "beat": Style("saw", 112, 0.5, MINOR, drums=True),
    "jazz": Style("pluck", 96, 0.55, MINOR, drums=True),
    "guitar": Style("string", 92, 0.7, MAJOR),
    "chip": Style("square", 132, 0.75, MAJOR),
    "bells": Style("bell", 88, 0.5, MAJOR),
    "bounce": Style("square", 120, 0.6, MAJOR, drums=True),
    "pad": Style("pad", 54, 0.4, MINOR),
    "waves": Style("pad", 50, 0.25, MAJOR, noise=0.5),
    "rain": Style("bell", 50, 0.25, MAJOR, noise=0.35),
}

# Overtones: (multiple of the pitch, level, decay a second).
OVERTONES = {
    "pluck": ((1, 1.0, 3.0), (2, 0.4, 5.0), (3, 0.15, 7.0)),
    "string": ((1, 1.0, 4.0), (2, 0.5, 5.0), (3, 0.3, 7.0), (4, 0.15, 9.0)),
    "bell": ((1, 1.0, 2.2), (2.76, 0.3, 4.0), (5.4, 0.12, 7.0)),
    "pad": ((1, 1.0, 0.9), (1.006, 0.8, 0.9), (2, 0.2, 1.2)),
    "saw": ((1, 1.0, 4.0), (2, 0.5, 5.0), (3, 0.33, 6.0), (4, 0.25, 7.0)),
    "square": ((1, 1.0, 6.0), (3, 0.3, 6.0), (5, 0.15, 7.0)),
    "bass": ((1, 1.0, 2.5), (2, 0.3, 4.0)),
}


@lru_cache(maxsize=512)
def note(voice: str, semitone: int) -> Samples:
    """One note, `semitone` above A3 (220 Hz); it ends by itself."""
    seconds = 3.2 if voice == "pad" else 1.3
    t = np.arange(int(RATE * seconds), dtype=np.float32) / RATE
    pitch = 220 * 2 ** (semitone / 12)
    sound = np.zeros_like(t)
    for multiple, level, decay in OVERTONES[voice]:
        wave = np.sin(np.float32(2 * np.pi * pitch * multiple) * t)
        sound += np.float32(level) * wave * np.exp(np.float32(-decay) * t)
    attack = 0.5 if voice == "pad" else 0.008
    fade = np.minimum(1, t / attack) * np.minimum(1, (seconds - t) / 0.2)
    faded: Samples = (sound * fade).astype(np.float32)
    return faded


@lru_cache(maxsize=2)
def drum(kind: str) -> Samples:
    """A soft kick, or a brushed hat."""
    t = np.arange(int(RATE * 0.25), dtype=np.float32) / RATE
    if kind == "kick":
        return (np.sin(2 * np.pi * 60 * t * np.exp(-6 * t)) * np.exp(-14 * t)).astype(
            np.float32
        )
    hiss = np.random.default_rng(0).standard_normal(len(t))
    return (np.diff(hiss, prepend=0) * np.exp(-60 * t) * 0.3).astype(np.float32)


def compose(style_name: str, seed: int, seconds: float) -> NDArray[np.int16]:
    """A tune of `seconds`, int16 (samples,), faded in and out."""
    style, rng = STYLES[style_name], np.random.default_rng(seed)
    total = int(RATE * seconds)
    mix = np.zeros(total + RATE * 4, np.float32)
    step = 60 / style.beats / 2  # an eighth
    key = int(rng.integers(-5, 6))
    chords = PROGRESSIONS[int(rng.integers(len(PROGRESSIONS)))]
    motif = rng.integers(0, 7, 16)
    plays = rng.random(16) < style.density
    plays[0] = True

    def put(sound: Samples, at: float, level: float) -> None:
        start = int(at * RATE)
        mix[start : start + len(sound)] += np.float32(level) * sound

    def pitch(degree: int) -> int:
        octave, place = divmod(degree, len(style.scale))
        return key + 12 * octave + style.scale[place]

    for number in range(int(seconds / step)):
        at, beat = number * step, number % 8
        chord = chords[number // 8 % 4]
        if plays[number % 16]:
            put(note(style.voice, pitch(chord + int(motif[number % 16]))), at, 0.2)
        if style.bass and beat in (0, 5):
            put(note("bass", pitch(chord) - 12), at, 0.28)
        if style.drums:
            if beat in (0, 4):
                put(drum("kick"), at, 0.6)
            put(drum("hat"), at, 0.25 if number % 2 else 0.12)
    music = mix[:total]
    if style.noise:
        music = music + style.noise * _hush(rng, total, rain=style_name == "rain")
    music = np.tanh(music * 1.2) * 0.7
    t = np.arange(total) / RATE
    music *= np.minimum(1, t / 0.3) * np.minimum(1, (seconds - t) / 0.8)
    samples: NDArray[np.int16] = (music * 32000).astype(np.int16)
    return samples


def _hush(rng: np.random.Generator, total: int, rain: bool) -> Samples:
    """Filtered noise: an even patter, or breakers that come and go."""
    hiss = rng.standard_normal(total + 64).astype(np.float32)
    width = 3 if rain else 24
    summed = np.cumsum(hiss)
    smooth: Samples = (summed[width:] - summed[:-width])[:total] / np.float32(width)
    if rain:
        return smooth * np.float32(0.3)
    t = np.arange(total, dtype=np.float32) / RATE
    swell = (0.5 - 0.5 * np.cos(2 * np.pi * t / 5.5)) ** 2
    return (smooth * (0.15 + swell)).astype(np.float32)
