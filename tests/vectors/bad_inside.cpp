// SPDX-License-Identifier: AGPL-3.0-or-later
// Vectors whose seal is good and whose content is not: payload, manifest, attachments.
#include "tests/vectors/vector.hpp"

#include "base/require.hpp"

namespace amana::vectors {

namespace {

void add(Collection& into, const std::string& result, const std::string& name, const std::string& comment, Bytes padded)
{
    const Sealing sealing{{"desk"}, randomness_for(name, 1), 32768, std::move(padded)};
    into.add({name, comment, "", {"desk"}, result, "", {}, {}}, seal(sealing));
}

Bytes joined(std::initializer_list<Bytes> parts)
{
    Bytes out;
    for (const auto& part : parts) append(out, part);
    return out;
}

std::string replaced(std::string text, std::string_view from, std::string_view to)
{
    const auto at = text.find(from);
    require(at != std::string::npos, "text that is not there");
    return text.replace(at, from.size(), to);
}

std::string inbox_id()
{
    const auto text = inbox_text();
    return text.substr(text.find(R"("id":")") + 6, 64);
}

void manifest(Collection& into, const std::string& name, const std::string& comment, std::string_view text)
{
    add(into, "bad_manifest", name, comment, manifest_record(text));
}

}  // namespace

void add_bad_payload(Collection& into)
{
    const auto payload = [&](const std::string& name, const std::string& comment, Bytes bytes) {
        add(into, "bad_payload", name, comment, std::move(bytes));
    };
    const auto good = manifest_record(manifest_text({}));
    auto nonzero = padded_to(good, 32768);
    nonzero.back() = 1;
    payload("padding-not-zero", "The last byte of the padding is 01.", nonzero);
    payload("record-unknown", "A record of kind 04 before the manifest.", joined({record(4, Bytes(3)), good}));
    payload("manifest-twice", "A second manifest behind the first, where only padding may be.", joined({good, good}));
    payload("record-of-nothing", "A data record of length 0.", joined({record(1, {}), {2}, good}));
    payload("record-over-long", "A data record of length 65537, the class ending before it does.",
            joined({{1, 0, 1, 0, 1}, Bytes(100)}));
    payload("manifest-over-long", "A manifest record of length 262145.", joined({{3, 0, 4, 0, 1}, Bytes(100)}));
    payload("record-cut-off", "A manifest record that says it is one byte longer than the payload is.",
            joined({{3, 0, 0, 0x7f, 0xfc}, Bytes(32763, ' ')}));
    payload("attachment-not-ended", "Data, then the manifest, without the end of the attachment.",
            joined({record(1, Bytes(3)), good}));
    payload("no-manifest", "Nothing but zeros.", {});
}

void add_bad_manifest(Collection& into)
{
    const auto good = manifest_text({});
    manifest(into, "manifest-spacing", "A space after a comma.", replaced(good, ",\"form\"", ", \"form\""));
    manifest(into, "manifest-order", "Members v and kind in the wrong order.",
             replaced(good, R"("kind":"report","v":1)", R"("v":1,"kind":"report")"));
    manifest(into, "manifest-twice-named", "A member twice.", replaced(good, R"("v":1)", R"("v":1,"v":1)"));
    manifest(into, "manifest-unknown-member", "A member that is not of version 1.", replaced(good, R"("v":1)", R"("v":1,"w":1)"));
    manifest(into, "manifest-missing-member", "Without kind.", replaced(good, R"("kind":"report",)", ""));
    manifest(into, "manifest-float", "The version of the form is 1.5.", replaced(good, R"("version":1)", R"("version":1.5)"));
    manifest(into, "manifest-escape", "A letter written as an escape.", replaced(good, "They", R"(\u0054hey)"));
    manifest(into, "manifest-escape-case", "A control character whose escape has an upper-case digit.",
             replaced(good, "They", R"(\u001FThey)"));
    manifest(into, "manifest-not-utf8", "An overlong encoding in the story.", replaced(good, "They", "\xc0\xafThey"));
    manifest(into, "manifest-hex-case", "The id in upper case.", replaced(good, "0a0b", "0A0B"));
    manifest(into, "manifest-null", "An answer that is null.", replaced(good, R"("story":)", R"("a":null,"story":)"));
    const auto answerable = manifest_text({.inbox = inbox_text()});
    manifest(into, "inbox-of-decoy", "A decoy with an inbox.", replaced(answerable, R"("kind":"report")", R"("kind":"decoy")"));
    manifest(into, "inbox-of-canary", "A canary with an inbox.", replaced(answerable, R"("kind":"report")", R"("kind":"canary")"));
    manifest(into, "inbox-missing", "What is written on, without an inbox.", manifest_text({.kind = "follow_up"}));
    manifest(into, "inbox-short", "An inbox id that lacks a byte.", replaced(answerable, R"("id":")" + inbox_id(), R"("id":")" + inbox_id().substr(2)));
    manifest(into, "inbox-more", "An inbox with a member more.", replaced(answerable, R"("},"kind")", R"(","z":""},"kind")"));
    manifest(into, "inbox-text", "An inbox that is a text.", manifest_text({.inbox = R"("")"}));
    std::string many;
    for (int i = 0; i < 257; ++i) many += (i == 0 ? "" : ",") + attachment_text({"", "", {}});
    manifest(into, "manifest-attachments", "It lists 257 attachments.",
             replaced(good, R"("attachments":[])", R"("attachments":[)" + many + "]"));
}

void add_bad_attachment(Collection& into)
{
    const File said{"a.txt", "text/plain", {'s', 'a', 'i', 'd'}};
    const File other{"a.txt", "text/plain", {'d', 'o', 'n', 'e'}};
    const File longer{"a.txt", "text/plain", {'s', 'a', 'i', 'd', '!'}};
    const auto add_one = [&](const std::string& name, const std::string& comment, const Bytes& records,
                             const std::string& manifest_of) {
        add(into, "bad_attachment", name, comment, joined({records, manifest_record(manifest_of)}));
    };
    const auto text = manifest_text({}, {said});
    add_one("attachment-hash", "Four bytes as the manifest says, but others.", attachment_records(other), text);
    add_one("attachment-length", "The hash is that of the attachment, the size in the manifest is one less.",
            attachment_records(longer),
            replaced(manifest_text({}, {longer}), R"("size":5)", R"("size":4)"));
    add_one("attachment-missing", "The manifest lists an attachment and none is there.", {}, text);
    add_one("attachment-unlisted", "An attachment that the manifest does not list.", attachment_records(said), manifest_text({}));
}

}  // namespace amana::vectors
