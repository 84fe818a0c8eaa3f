// SPDX-License-Identifier: AGPL-3.0-or-later
#include "desk/canaries.hpp"

#include "base/reader.hpp"
#include "crypto/secret_file.hpp"
#include "desk/report.hpp"

#include <boost/math/distributions/binomial.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include <sodium.h>

namespace amana::desk {

namespace {

constexpr double confidence = 0.95;

std::string label(std::int64_t number)
{
    return fmt::format("canary {}", number);
}

template <std::size_t Count>
const char* any(const std::array<const char*, Count>& of)
{
    return of[randombytes_uniform(Count)];
}

}  // namespace

crypto::Hash words_fingerprint(std::string_view story)
{
    SecretText words(story.size());
    for (const char c : story)
        if (c != ' ' && c != '\t' && c != '\r' && c != '\n') (void)words.append({&c, 1});
    return crypto::sha256(words.view());
}

Result<Canaries> Canaries::load(Casebook& casebook, const SecretBuffer& master)
{
    Canaries canaries;
    const auto read = casebook.for_each_canary([&](std::int64_t number, ByteView sealed) -> Result<void> {
        const Error damaged{"the casebook's record of a canary is damaged", "Put the desk back from your backup."};
        const auto record = crypto::open_record(master, label(number), sealed);
        if (!record) return damaged;
        Reader reader(record->view());
        Canary canary{number, static_cast<std::int64_t>(reader.integer<std::uint64_t>()), {}};
        const auto words = reader.bytes(canary.words.size());
        if (!reader.done()) return damaged;
        std::copy(words.begin(), words.end(), canary.words.begin());
        canaries.all_.push_back(canary);
        return {};
    });
    if (!read) return read.error();
    return canaries;
}

const Canary* Canaries::match(const crypto::Manifest& manifest) const
{
    const auto story = answer_text(manifest, story_field);
    if (!story || all_.empty()) return nullptr;
    const auto words = words_fingerprint(*story);
    const auto found = std::find_if(all_.begin(), all_.end(), [&](const auto& canary) { return canary.words == words; });
    return found == all_.end() ? nullptr : &*found;
}

Result<std::int64_t> Canaries::add(Casebook& casebook, const SecretBuffer& master, std::string_view story, std::int64_t day)
{
    Canary canary{all_.empty() ? 1 : all_.back().number + 1, day, words_fingerprint(story)};
    if (std::any_of(all_.begin(), all_.end(), [&](const auto& other) { return other.words == canary.words; }))
        return Error{"these words were a canary's already", "Each canary needs words of its own, to be told from the others."};
    const auto record = Writer().integer(static_cast<std::uint64_t>(day)).bytes(canary.words).take();
    if (const auto added = casebook.add_canary(canary.number, crypto::seal_record(master, label(canary.number), record)); !added)
        return added.error();
    all_.push_back(canary);
    return canary.number;
}

std::string invented_story()
{
    constexpr std::array who{"أخي الأصغر", "ابن عمي", "جارنا", "ابن أختي", "صديقي من أيام المدرسة", "زميل لي في العمل", "ابن خالتي", "شاب من حارتنا"};
    constexpr std::array by{"عرضت عليه قناة على تيليغرام", "عرضت عليه مجموعة على واتساب", "عرض عليه مكتب سفريات في وسط البلد", "عرض عليه شخص راسله على فيسبوك", "عرض عليه رجل تعرّف إليه في المقهى", "عرض عليه مكتب يقول إنه للدراسة في الخارج"};
    constexpr std::array offer{"عملاً في مصنع", "وظيفة حارس", "العمل سائقاً لشاحنة", "مقعداً في جامعة مع سكن", "عملاً في مطبخ", "عملاً في البناء"};
    constexpr std::array pay{"ألفي دولار في الشهر", "راتباً لا يصدَّق", "ألفاً وثمانمئة دولار وإقامة", "مبلغاً مقدَّماً قبل السفر", "تذكرة الطائرة والسكن مجاناً", "جنسية بعد سنة"};
    constexpr std::array then{"أخذوا جواز سفره عند وصوله", "انقطعت أخباره منذ أسبوعين", "جعلوه يوقّع ورقة بلغة لا يقرؤها", "طلبوا منه ألّا يخبر أهله", "أرسل لنا صورة وهو بلباس عسكري", "قال لأمه في مكالمة قصيرة إنه في معسكر"};
    constexpr std::array end{"أرجو أن تنظروا في الأمر.", "لا نعرف ماذا نفعل.", "عندي رقم الذي كلّمه إن احتجتم إليه.", "سمعت أن غيره سافر بالطريقة نفسها.", "أخاف أن يُغروا آخرين.", "كل ما نريده أن يعود."};
    constexpr std::array month{"قبل شهر", "في بداية الصيف", "بعد العيد", "قبل نحو ثلاثة أسابيع", "الشهر الماضي", "قبل عشرة أيام تقريباً"};
    return fmt::format("{} {} {} {}، ووعدوه بأن يعطوه {}. ثم {}. {}", any(who), any(by), any(month), any(offer), any(pay), any(then), any(end));
}

double suppression_bound(std::uint64_t sent, std::uint64_t missing)
{
    if (missing >= sent) return 1;
    using boost::math::binomial_distribution;
    return binomial_distribution<>::find_upper_bound_on_p(static_cast<double>(sent), static_cast<double>(missing), 1 - confidence);
}

}  // namespace amana::desk
