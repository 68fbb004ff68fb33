"""A room's images, over HTTP: server/README.md, "Files"."""

import hashlib
import http.client
import json
import os
import struct

from harness import cases, expect, expect_equal

CASES, case = cases()

PNG = b"\x89PNG\r\n\x1a\n"


def ask(room, method, path, body=None, **headers):
    connection = http.client.HTTPConnection(*room.server.address, timeout=10)
    try:
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return answer, answer.read()
    finally:
        connection.close()


def files(room):
    return f"/v1/rooms/{room.name}/files"


def send(room, image, status=201, **headers):
    answer, body = ask(room, "POST", files(room), image, **headers)
    expect_equal(answer.status, status, f"the status of {body!r}")
    return answer, body


def name_of(image):
    return hashlib.sha256(image).hexdigest()


@case
def an_image_is_answered_with_its_hash_type_and_length(room):
    room.join()
    image = PNG + os.urandom(100_000)
    answer, body = send(room, image, Content_Type="text/html")
    expect_equal(json.loads(body), {"hash": name_of(image), "type": "image/png",
                                    "bytes": len(image)}, "the answer")
    expect_equal(answer.headers["location"], f"{files(room)}/{name_of(image)}", "where it is")
    send(room, image, 200)


@case
def an_image_comes_back_inert_and_for_ever(room):
    room.join()
    # What follows says nothing of a size.
    for beginning, kind in ((PNG, "png"), (b"\xff\xd8\xff\xda", "jpeg"),
                            (b"GIF89a" + bytes(8), "gif"), (b"RIFF0000WEBP", "webp")):
        image = beginning + os.urandom(70_000)
        send(room, image)
        path = f"{files(room)}/{name_of(image)}"
        answer, body = ask(room, "GET", path)
        expect_equal((answer.status, body), (200, image), "the image")
        expect_equal(answer.headers["content-type"], f"image/{kind}", "its type")
        expect_equal(answer.headers["x-content-type-options"], "nosniff", "what is guessed")
        expect("default-src 'none'" in answer.headers["content-security-policy"], "it may do things")
        expect("immutable" in answer.headers["cache-control"], "it is asked for again")
        again, _ = ask(room, "GET", path, If_None_Match=answer.headers["etag"])
        expect_equal(again.status, 304, "with its tag")
        head, body = ask(room, "HEAD", path)
        expect_equal((head.headers["content-length"], body), (str(len(image)), b""), "its head")


@case
def what_is_no_image_is_refused_with_415(room):
    room.join()
    for body in (b"", b"x", PNG, PNG[:7] + b"x" * 100, b"<svg xmlns='http://www.w3.org/2000/svg'/>",
                 b"%PDF-1.7 and more", b"<!doctype html><script>1</script>"):
        send(room, body, 415, Content_Type="image/png")


@case
def more_than_8_mib_are_refused_with_413(room):
    room.join()
    send(room, PNG + bytes(2**23 - 8))
    send(room, PNG + bytes(2**23 - 7), 413)


@case
def more_than_64_mi_pixels_are_refused_with_413(room):
    room.join()
    for height, status in ((8192, 201), (8193, 413)):
        header = b"IHDR" + struct.pack(">II", 8192, height)
        send(room, PNG + struct.pack(">I", 13) + header + os.urandom(20), status)


@case
def only_who_is_in_a_room_of_that_kind_uploads(room):
    send(room, PNG + b"1234", 404)
    room.join(kind="cursors")
    send(room, PNG + b"1234", 403)


@case
def pages_of_other_origins_are_refused_with_403(room):
    room.join()
    image = PNG + os.urandom(20)
    send(room, image, 403, Origin="https://elsewhere.example")
    send(room, image)
    path = f"{files(room)}/{name_of(image)}"
    expect_equal(ask(room, "GET", path, Origin="https://elsewhere.example")[0].status, 403, "GET")


@case
def a_file_is_its_rooms_alone(room):
    room.join()
    image = PNG + os.urandom(20)
    send(room, image)
    for path in (f"/v1/rooms/{room.name}x/files/{name_of(image)}",
                 f"{files(room)}/{name_of(image).upper()}", f"{files(room)}/{name_of(image)[1:]}"):
        expect_equal(ask(room, "GET", path)[0].status, 404, path)
