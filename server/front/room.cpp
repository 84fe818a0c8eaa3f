// SPDX-License-Identifier: AGPL-3.0-or-later
#include "server/front/room.hpp"

#include "server/wire/room.hpp"

#include <algorithm>
#include <array>

namespace amana::front {

namespace {

// By step, what it takes.
constexpr std::array bounds{std::uint64_t{0}, wire::room_for_text, wire::room_for_small_files, wire::room_for_all_files};

}  // namespace

bool RoomGauge::tell(std::uint64_t bytes)
{
    bytes_ = bytes;
    const auto before = step_.load();
    auto step = Step::nothing;
    for (const auto higher : {Step::text, Step::small_files, Step::all}) {
        const auto bound = bounds.at(static_cast<std::size_t>(higher));
        if (bytes >= (higher > before && told_ ? bound + bound / 4 : bound)) step = higher;
    }
    told_ = true;
    step_ = step;
    return step != before;
}

web::Room RoomGauge::room() const
{
    switch (step_.load()) {
    case Step::all: return web::Room::all;
    case Step::small_files: return web::Room::small_files;
    case Step::text:
    case Step::nothing: break;
    }
    return web::Room::text_only;
}

FilesTaken RoomGauge::files(std::uint64_t configured) const
{
    switch (room()) {
    case web::Room::all: break;
    case web::Room::small_files: return {std::min(configured, web::small_files_bytes)};
    case web::Room::text_only: return {0, false};
    }
    return {configured};
}

std::uint64_t RoomGauge::largest_class() const
{
    const auto step = step_.load();
    return step == Step::nothing ? 0 : wire::largest_class_taken(bounds.at(static_cast<std::size_t>(step)));
}

std::string_view RoomGauge::name() const
{
    switch (step_.load()) {
    case Step::all: return "all";
    case Step::small_files: return "small_files";
    case Step::text: return "text";
    case Step::nothing: break;
    }
    return "nothing";
}

}  // namespace amana::front
