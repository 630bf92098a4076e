"""Texts that fit the API description's formats: what it says in words and JSON Schema cannot say.

Loaded by Schemathesis (SCHEMATHESIS_HOOKS) when DescriptionTests runs it.
"""
import datetime
import re
import unicodedata

import schemathesis
from hypothesis import strategies as st

LETTERS = st.sampled_from("ABCxyz019_-.:%/{}*[]好的客户订单é")


def texts(most_bytes):
    """Ids and labels: NFC, at most so many bytes, nothing invisible."""
    return st.text(LETTERS, min_size=1, max_size=most_bytes // 2).filter(
        lambda text: len(text.encode()) <= most_bytes and unicodedata.normalize("NFC", text) == text
    )


def addresses():
    host = st.from_regex(re.compile(r"[a-z]{1,10}\.[a-z]{2,5}", re.ASCII), fullmatch=True)
    return st.builds(
        "{}://{}{}/{}".format,
        st.sampled_from(["http", "https", "HTTPS"]),
        host,
        st.sampled_from(["", ":80", ":65535"]),
        st.text("abc/?&=20文件", max_size=20),
    )


def times():
    dates = st.dates(datetime.date(1971, 1, 1), datetime.date(9998, 1, 1))
    clock = st.times().map(lambda time: time.strftime("%H:%M:%S"))
    exact = st.builds("{}T{}{}".format, dates, clock, st.sampled_from(["Z", "+08:00", ".123-05:30"]))
    return st.one_of(exact, st.builds("{} {}".format, dates, clock))


schemathesis.openapi.format("kefu-id", texts(128))
schemathesis.openapi.format("kefu-label", texts(64))
schemathesis.openapi.format("kefu-keyword", st.text(LETTERS, min_size=1, max_size=40).map("好{}".format))
schemathesis.openapi.format("kefu-url", addresses())
schemathesis.openapi.format("kefu-time", times())
# A cursor that was made up is none; an empty one is the first page.
schemathesis.openapi.format("kefu-cursor", st.just(""))
