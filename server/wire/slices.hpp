// SPDX-License-Identifier: AGPL-3.0-or-later
// The config each process gets from the warden: what it needs and no more. And how the processes are started.
//
// The warden, or under systemd the unit that it hands them to (docs/SYSTEMD.md), runs amana-front and amana-keeper with these descriptors
// and nothing else open but stderr:
//
//   3       a stream socketpair to the warden: the slice comes in, to the end of the stream; then the child writes one line,
//           "ready" or what is wrong, and closes its side; the front keeps it open, says in further lines how it fares
//           (server/front/report.hpp), and may get a TlsSlice behind its own: certificates that are shown from then on
//   4 ...   `channels` stream socketpairs between front and keeper, in the same order for both
//   then    for the front, `channels` sets of listening sockets, one for each thread: thread 0's listeners, thread 1's, ...
//
// Front and keeper are one generation: when either ends, so does the other (its channels are at their end), and the
// warden starts a new pair. SIGTERM to the front drains: it stops accepting, lets uploads under way finish until the
// deadline, and exits 0; the keeper exits 0 when every channel has ended and all is on disk. The keeper ignores SIGTERM
// and SIGINT.
#pragma once

#include "base/bytes.hpp"
#include "base/secret.hpp"
#include "server/wire/network.hpp"

#include <chrono>
#include <string>
#include <vector>

namespace amana::wire {

inline constexpr int warden_fd = 3;
inline constexpr int first_channel_fd = 4;
inline constexpr std::uint32_t max_channels = 64;
inline constexpr std::uint32_t max_listeners = 64;
inline constexpr std::size_t max_certificate_bytes = 64 * 1024;
inline constexpr std::size_t max_private_key_bytes = 16 * 1024;
inline constexpr std::size_t max_path_bytes = 4096;
inline constexpr std::size_t max_languages = 64;
inline constexpr std::size_t max_language_bytes = 35;
inline constexpr std::size_t max_text_bytes = 2000;  // one of the ministry's own texts
inline constexpr std::size_t max_address_bytes = 500;
inline constexpr std::size_t max_questionnaire_bytes = 1024 * 1024;
inline constexpr std::size_t max_logo_bytes = 64 * 1024;
inline constexpr std::uint32_t max_addresses = 16;     // of the site
inline constexpr std::uint32_t max_certificates = 4;   // of one address, each with a key of another kind
inline constexpr std::uint32_t max_peers = 64;         // networks, of one listener
inline constexpr std::size_t max_header_name_bytes = 64;
inline constexpr std::size_t max_manifest_bytes = 256 * 1024;  // one of the two signed ones

struct Limits {
    std::uint64_t max_files_bytes = 64ull * 1024 * 1024;  // all files of one report
    std::uint32_t max_connections = 4096;                 // over all threads
    std::uint32_t max_uploads = 64;                       // reports being received at one moment, over all threads
    std::uint32_t pace = 0;                               // reports a second that may be stored under pressure; 0: what storage has room for
    std::chrono::seconds header_timeout{15};              // from the first byte to the end of a request's header
    std::chrono::seconds idle_timeout{60};                // keep-alive, and between two reads of a body
    std::chrono::seconds body_timeout{3600};              // a whole body
    std::chrono::seconds drain_timeout{30};               // from SIGTERM to the end
    std::uint32_t max_handshakes = 64;                    // steps of handshakes at one moment, over all threads
    std::uint32_t max_requests = 1000;                    // on one connection
    std::uint64_t slowest = 256;                          // bytes a second of a body, while others wait
};

// The ministry's own words in one language; what is empty is said by the catalogue.
struct SiteTexts {
    std::string name;
    std::string numbers;
    std::string law;
    std::string embassy;
};

// What the pages are made of beside templates and catalogues. All of it is public.
struct SiteSlice {
    std::string data;                    // directory of templates and catalogues
    std::vector<std::string> languages;  // in the order they are offered
    std::vector<SiteTexts> texts;        // one for each language
    std::string questionnaire_name;      // the file, for messages
    Bytes questionnaire;                 // its content
    Bytes logo;                          // PNG, or empty
    std::string colour;                  // "#rrggbb", or empty
    std::string exit;                    // an address
    std::chrono::seconds read_every{24 * 3600};
    std::chrono::seconds cover{45};      // mean distance of cover bodies; 0: none
    std::string security_contact;        // an address, or empty
    Bytes manifest;                      // the signed manifests of site and release, or empty
    Bytes release;
};

struct Certificate {
    SecretBuffer chain;        // PEM, the server's own first
    SecretBuffer private_key;  // PEM
};

// By address of the site, in the order of FrontSlice's.
struct TlsSlice {
    std::vector<std::vector<Certificate>> certificates;
};

// One of the addresses by which the site is reached (docs/PROXIES.md).
struct AddressSlice {
    std::string url;             // "https://report.example.org/"; empty: none is configured, and any name will do
    std::string onion_location;  // an address, or empty
    std::string exit;            // an address, or empty: the site's
    Bytes manifest;              // signed, or empty
};

// One listening socket of each thread.
struct ListenerSlice {
    bool tls = true;
    bool proxy = false;              // each connection begins with a PROXY header
    bool redirect = false;           // only says where the site is
    bool local = false;              // a Unix socket
    std::string forwarded;           // the header that names a request's source; empty: none does
    std::vector<Network> peers;      // who may connect; empty: everybody
    std::vector<std::uint32_t> addresses;  // what is served, by index; at least one
};

struct FrontSlice {
    std::uint32_t channels = 1;  // threads
    std::vector<ListenerSlice> listeners;
    std::vector<AddressSlice> addresses;  // at least one
    TlsSlice tls;
    Bytes keyset;  // signed note
    std::string root_fingerprint;
    SiteSlice site;
    Limits limits;
};

struct KeeperSlice {
    std::uint32_t channels = 1;
    std::string directory;
    std::string origin;  // the log's name
    std::chrono::seconds tick{900};
    std::uint32_t file_ticks = 24;                        // reports with files enter on every so many ticks
    std::uint64_t batch = 4;                              // the ladder's first step
    std::uint64_t large_cover = 1024ull * 1024 * 1024;    // bytes of decoys a year, for each class without a ladder
    std::chrono::seconds retention{365 * 24 * 3600};      // how long content stays
    std::uint64_t reserve_bytes = 64ull * 1024 * 1024;  // free space below which nothing new is taken
    Bytes keyset;                  // signed note: whom decoys are sealed to; empty where nothing is sealed
    std::string root_fingerprint;
};

// A slice opens with its own length, so that the child allocates locked memory once and knows a slice cut short:
//   length (4, of what follows) ‖ version (2) ‖ which slice (1) ‖ fields in the order above
[[nodiscard]] SecretBuffer encode(const FrontSlice& slice);
[[nodiscard]] SecretBuffer encode(const TlsSlice& slice);
[[nodiscard]] Bytes encode(const KeeperSlice& slice);
[[nodiscard]] Result<FrontSlice> decode_front(ByteView bytes);
[[nodiscard]] Result<TlsSlice> decode_tls(ByteView bytes);
[[nodiscard]] Result<KeeperSlice> decode_keeper(ByteView bytes);
[[nodiscard]] Error not_a_slice();
// Of a slice that follows: what its first bytes say of its length, themselves included. An error when it can't be.
inline constexpr std::size_t slice_length_bytes = sizeof(std::uint32_t);
[[nodiscard]] Result<std::size_t> slice_bytes(ByteView length);

// For the child: reads the slice from warden_fd, bounded.
enum class Behind { nothing, more };  // it ends with the stream, or others may follow
[[nodiscard]] Result<SecretBuffer> receive_slice(Behind behind = Behind::nothing);
// For the child: one line to the warden, then closes warden_fd.
void report_to_warden(std::string_view line);
// The same, and leaves it open. False when the warden is gone, or has not read for so long that there is no room for it.
bool tell_warden(std::string_view line);

}  // namespace amana::wire
