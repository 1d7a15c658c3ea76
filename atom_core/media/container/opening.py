"""Opening a file that nobody vouches for: the file itself and no other, and only what one machine can take."""

from __future__ import annotations

import errno
import os
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path

import av
from av.container import InputContainer

from atom_core.errors import AtomError, MediaError
from atom_core.exhausted import exhausted, near_limit
from atom_core.files.bounded import keep
from atom_core.files.stamp import FileStamp
from atom_core.media.container.boxes import boxes
from atom_core.media.container.webp import as_matroska, is_animated

_FORMATS = (
    # what cameras, phones, editors, broadcasters and players write
    "mov,mp4,matroska,webm,avi,mpegts,mpeg,mpegvideo,flv,live_flv,kux,asf,asf_o,ogg,mxf,dv,gxf,lxf,nut,wtv,ty,pva,nsv,"
    "nuv,rm,ivr,vivo,pmp,dhav,mgsts,moflex,usm,ipmovie,lmlm4,lvf,mlv,cine,ser,r3d,iv8,vividas,"
    # streams without a container
    "h264,hevc,hxvs,vvc,m4v,mjpeg,mjpeg_2000,mpjpeg,smjpeg,ingenient,av1,obu,ivf,vc1,vc1test,cavsvideo,avs2,avs3,dirac,"
    "dnxhd,evc,apv,h261,h263,yuv4mpegpipe,"
    # animations, films of games
    "gif,apng,jpegxl_anim,swf,flic,anm,cdxl,cdg,bink,smk,roq,rl2,rpl,film_cpk,filmstrip,4xm,thp,bfi,bmv,vmd,idcin,dxa,"
    "ea,psxstr,wc3movie,wsvqa,xmv,mtv,mv,mvi,paf,jv,hnm,gdv,smush,siff,"
    # single pictures
    "png_pipe,jpeg_pipe,jpegls_pipe,jpegxl_pipe,j2k_pipe,webp_pipe,bmp_pipe,gif_pipe,tiff_pipe,exr_pipe,dpx_pipe,"
    "hdr_pipe,psd_pipe,qoi_pipe,sgi_pipe,sunrast_pipe,pcx_pipe,pbm_pipe,pgm_pipe,ppm_pipe,pam_pipe,dds_pipe,"
    # sound alone, to say that it is
    "mp3,aac,wav,w64,flac,ac3,eac3,aiff,amr,caf,au,dts,truehd,ape,tta,wv"
)
"""FFmpeg's readers that are used. None of them opens another file; lists, pattern names, subtitles and whatever goes by
its name alone are not among them. Checked by FFmpeg before a reader sees the file."""
_BY_SUFFIX = {
    "mpegts": (".ts", ".mts", ".m2ts", ".m2t", ".tp", ".trp"),
    "mpeg": (".mpg", ".mpeg", ".vob", ".mod", ".tod", ".m2p"),
    "mpegvideo": (".m1v", ".m2v"),
    "h264": (".h264", ".264", ".avc"),
    "hevc": (".hevc", ".h265", ".265"),
    "mjpeg": (".mjpg", ".mjpeg"),
    "dv": (".dv",),
}
"""Readers that are tried by the name of a file whose bytes say nothing, as those of very short ones do."""
_LISTS = (b"#EXTM3U", b"ffconcat", b"<?xml", b"<MPD", b"<asx", b"<smil", b"v=0", b"[playlist]", b"[Reference]", b"RTSP")
"""How files begin that hold no pictures but the names of other files."""
_USUAL_PIXELS = 8192 * 4608
"""Pixels of the largest pictures in use, 8K."""
_MOST_PIXELS = 16384 * 8192
"""Largest pictures that are decoded: larger ones take gigabytes. Panoramas of 16K have as many."""
_PIXELS_PER_BYTE = 64
"""More than the usual pixels are believed if the file has a byte for so many, as every real recording has."""
_MAX_STREAMS = 512
"""Most tracks of a file, each of which takes memory; a whole transponder has fewer."""
_BYTES_PER_SAMPLE = 2
"""Least bytes of a sample in fragments, that of mono sound; each takes 40 bytes of memory."""
_MAX_KNOWN = 4096
"""Files whose boxes are known to be sound."""


_sound_files: dict[FileStamp, None] = {}
_lock = threading.Lock()


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn whatever reading `path` raises into one line that says what to do; the cause goes with it."""
    try:
        yield
    except AtomError:
        raise
    except FileNotFoundError:
        if path.is_symlink():
            raise MediaError(
                f"'{path}' is a link to '{path.readlink()}', which is not there; mend the link", path=path
            ) from None
        raise MediaError(f"no such file: '{path}'; check the path", path=path) from None
    except (av.error.InvalidDataError, av.error.EOFError, av.error.OSError) as error:
        if lacking := exhausted(error) or near_limit():
            raise MediaError(f"cannot read '{path}': {lacking}", path=path) from error
        raise MediaError(
            f"cannot read '{path}': it is damaged, cut off or not a video; copy or download it again",
            path=path,
        ) from error
    except MemoryError as error:
        raise MediaError(f"cannot read '{path}': {exhausted(error)}", path=path) from error
    except (av.error.FFmpegError, PermissionError) as error:
        if lacking := exhausted(error):
            raise MediaError(f"cannot read '{path}': {lacking}", path=path) from error
        if error.errno == errno.EACCES:
            raise MediaError(
                f"no permission to read '{path}'; change its permissions or run as its owner", path=path
            ) from None
        reason = error.strerror or str(error)
        raise MediaError(
            f"cannot read '{path}': {reason}; check that it plays, or convert it to MP4", path=path
        ) from error
    except OSError as error:
        reason = exhausted(error) or f"{error.strerror or error}; check the path and its disk"
        raise MediaError(f"cannot read '{path}': {reason}", path=path) from error
    except Exception as error:
        if lacking := exhausted(error):
            raise MediaError(f"cannot read '{path}': {lacking}", path=path) from error
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        raise MediaError(
            f"cannot read '{path}': {reason}; check that it plays, or convert it to MP4", path=path
        ) from error


def check_file(path: Path) -> os.stat_result:
    """What the system knows of a file that has bytes in it.

    :raises MediaError: if it is missing, a folder, not a regular file or empty
    """
    with reading(path):
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise MediaError(f"'{path}' is a folder, not a video; name a file in it", path=path)
        if not stat.S_ISREG(status.st_mode):
            raise MediaError(f"'{path}' is not a regular file; copy the video to a file first", path=path)
        if status.st_size == 0:
            raise MediaError(f"'{path}' is empty (0 bytes); copy or download it again", path=path)
    return status


def open_file(path: Path) -> BufferedReader:
    """A regular file opened for reading; whatever else may have its name, nothing is waited for.

    :raises MediaError: as `check_file` does
    """
    check_file(path)
    with reading(path):
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        file = os.fdopen(os.open(path, flags), "rb")
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            file.close()
            raise MediaError(f"'{path}' is not a regular file; copy the video to a file first", path=path)
    return file


def open_container(path: Path) -> InputContainer:
    """The file, opened for reading; no other file or network address is opened for it, whatever it is called.

    :raises MediaError: if it is no regular file, cannot be read as a media file, only names others, or is made to take
        more memory than it can have use for
    """
    with open_file(path) as file, reading(path):
        if is_animated(file):
            with as_matroska(path, file, most_pixels(os.fstat(file.fileno()).st_size)) as converted:
                return _opened(path, converted)
        _check_boxes(path, file)
        return _opened(path, file)


def _opened(path: Path, file: BufferedReader) -> InputContainer:
    """FFmpeg reads the open file and gets no name: patterns, protocols and neighbours have nothing to stand on."""
    options = {
        "fd": str(file.fileno()),
        "protocol_whitelist": "fd",
        "format_whitelist": _FORMATS,
        "max_streams": str(_MAX_STREAMS),
        "max_pixels": str(most_pixels(os.fstat(file.fileno()).st_size)),
    }
    named = next((name for name, suffixes in _BY_SUFFIX.items() if path.suffix.lower() in suffixes), None)
    try:
        return _open(file, None, options)
    except (av.error.InvalidDataError, av.error.ArgumentError, av.error.EOFError) as error:
        if _is_list(file):
            raise MediaError(
                f"'{path}' is a playlist, which only names other files; name those instead", path=path
            ) from None
        if _lacks_index(file):
            raise MediaError(
                f"'{path}' is cut off: its index, which is written last, is missing; copy or download it again, or"
                " have it repaired, for example by untrunc",
                path=path,
            ) from None
        if named is None:
            if isinstance(error, av.error.ArgumentError):
                raise MediaError(
                    f"'{path}' is no video, nor a kind of file that holds one; name a video", path=path
                ) from error
            raise
        return _open(file, named, options)


def _open(file: BufferedReader, kind: str | None, options: dict[str, str]) -> InputContainer:
    os.lseek(file.fileno(), 0, os.SEEK_SET)
    return av.open("fd:", format=kind, options=options, metadata_errors="replace")


def most_pixels(size_bytes: int) -> int:
    """The largest pictures that are decoded of a file of `size_bytes`."""
    return min(max(_USUAL_PIXELS, size_bytes * _PIXELS_PER_BYTE), _MOST_PIXELS)


def check_pixels(path: Path, width: int, height: int) -> None:
    """
    :raises MediaError: if pictures of that size are not decoded
    """
    most = most_pixels(path.stat().st_size)
    if width * height > most:
        raise MediaError(
            f"'{path}' has pictures of {width} x {height}, and of a file of its size at most {most} pixels are"
            " decoded; shrink them with a converter first",
            path=path,
        )


def _is_list(file: BufferedReader) -> bool:
    file.seek(0)
    head = file.read(64).lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return head.startswith(tuple(start.lower() for start in _LISTS))


def _lacks_index(file: BufferedReader) -> bool:
    """Whether it is an MP4 or QuickTime file without the box that says what is where."""
    summary = boxes(file)
    return summary.has_media and not summary.has_index


def _check_boxes(path: Path, file: BufferedReader) -> None:
    """Refuse an MP4 or QuickTime file that FFmpeg could make nothing of, or too much."""
    stamp = FileStamp.of(os.fstat(file.fileno()))
    if stamp in _sound_files:
        return
    summary = boxes(file)
    if not summary.has_media:
        return
    if summary.is_endless:
        raise MediaError(f"'{path}' has more boxes than any recording; convert it, for example to MKV", path=path)
    if summary.refers:
        raise MediaError(
            f"'{path}' keeps its pictures or sound in other files; name those, or export it as one file", path=path
        )
    if summary.num_samples * _BYTES_PER_SAMPLE > stamp.size:
        raise MediaError(
            f"'{path}' says that its {stamp.size} bytes hold {summary.num_samples} samples, which cannot be; copy or"
            " download it again",
            path=path,
        )
    with _lock:
        keep(_sound_files, stamp, None, _MAX_KNOWN)
