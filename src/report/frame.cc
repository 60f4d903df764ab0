#include "report/frame.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "report/format.h"
#include "report/text.h"
#include "report/width.h"

namespace outhaul {
namespace {

constexpr std::string_view kReset = "\x1b[0m", kGreen = "\x1b[32m", kYellow = "\x1b[33m", kDim = "\x1b[2m",
                           kBold = "\x1b[1m";
constexpr std::size_t kMinBar = 8, kMaxBar = 40, kMaxName = 24;

/// One part of a line. When a line is too long, the pieces with the highest rank leave first.
struct Piece {
  std::string text;
  int rank = 0;
  std::string_view colour = {};
};

std::size_t width_of(const std::vector<Piece>& pieces, std::size_t gap) {
  std::size_t width = 0;
  for (const Piece& piece : pieces) width += display_width(piece.text) + (width == 0 ? 0 : gap);
  return width;
}

void drop_to(std::vector<Piece>& pieces, std::size_t width, std::size_t gap) {
  while (pieces.size() > 1 && width_of(pieces, gap) > width)
    pieces.erase(std::max_element(pieces.begin(), pieces.end(),
                                  [](const Piece& a, const Piece& b) { return a.rank < b.rank; }));
}

class Painter {
 public:
  Painter(const TerminalSize& size, const FrameStyle& style)
      : style_(style),
        columns_(static_cast<std::size_t>(std::max(size.columns, 2) - 1)),
        rows_(static_cast<std::size_t>(std::max(size.rows, 2) - 1)) {}

  std::size_t rows() const { return rows_; }
  std::string_view dots() const { return style_.utf8 ? "…" : ".."; }

  std::string line(std::vector<Piece> pieces, std::string_view gap) const {
    drop_to(pieces, columns_, display_width(gap));
    if (pieces.size() == 1) pieces.front().text = fit_end(pieces.front().text, columns_);
    std::string text;
    for (const Piece& piece : pieces) {
      if (!text.empty()) text += gap;
      text += painted(piece.text, piece.colour);
    }
    return text;
  }

  std::string overview(const ProgressModel& model) const;
  std::string counters(const ProgressModel& model) const;
  std::string scanning(const ProgressModel& model) const;
  std::string lane(const LaneView& view) const;
  std::string more_lanes(std::size_t count) const {
    return line({{fmt::format("     {} and {} more", dots(), count), 0, kDim}}, "  ");
  }

 private:
  std::string painted(const std::string& text, std::string_view colour) const {
    return style_.colour && !colour.empty() ? fmt::format("{}{}{}", colour, text, kReset) : text;
  }
  std::string_view separator() const { return style_.utf8 ? " · " : ", "; }
  std::string bar(double fraction, std::size_t width) const;
  void add_troubles(const ProgressModel& model, std::vector<Piece>& pieces) const;

  FrameStyle style_;
  std::size_t columns_, rows_;
};

std::string Painter::bar(double fraction, std::size_t width) const {
  const auto halves =
      static_cast<std::size_t>(std::clamp(fraction, 0.0, 1.0) * static_cast<double>(2 * width));
  std::string done, rest;
  const std::size_t full = halves / 2;
  const bool half = halves % 2 == 1;
  for (std::size_t i = 0; i < full; ++i) done += style_.utf8 ? "━" : "#";
  if (half) done += style_.utf8 ? "╸" : "#";
  for (std::size_t i = full + (half ? 1 : 0); i < width; ++i) rest += style_.utf8 ? "─" : "-";
  return painted(done, kGreen) + painted(rest, kDim);
}

std::string left(std::optional<double> seconds) {
  if (!seconds) return "";
  const auto whole = static_cast<std::int64_t>(std::max(*seconds, 1.0));
  if (whole < 60) return fmt::format("{} s left", whole);
  return format_duration(whole * 1'000'000'000) + " left";
}

/// Columns are fixed where figures change, so that the bar doesn't breathe.
std::string Painter::overview(const ProgressModel& model) const {
  const bool bytes = model.transferring() && model.bytes_total() > 0;
  const std::uint64_t done = bytes ? model.bytes_done() : model.actions_done();
  const std::uint64_t total = bytes ? model.bytes_total() : model.actions_total();
  std::vector<Piece> pieces = {{fmt::format("{:>3}%", percent_of(done, total)), 0}};
  if (!model.job().empty())
    pieces.insert(pieces.begin(), {fit_middle(printable(model.job()), kMaxName, dots()), 3, kBold});
  if (bytes) {
    pieces.push_back({fmt::format("{:>8} of {}", format_bytes(done), format_bytes(total)), 4});
    pieces.push_back({fmt::format("{:>10}", format_rate(model.bytes_per_second())), 1});
    pieces.push_back({fmt::format("{:<16}", left(model.eta_seconds())), 2});
  } else {
    pieces.push_back({fmt::format("{} of {}", grouped(done), counted(total, "step")), 1});
  }
  drop_to(pieces, columns_, 2);
  const std::size_t used = width_of(pieces, 2);
  std::string text = line(pieces, "  ");
  if (used + 2 + kMinBar <= columns_ && pieces.size() > 1) {
    const std::size_t width = std::min(columns_ - used - 2, kMaxBar);
    const double fraction = total == 0 ? 0 : static_cast<double>(done) / static_cast<double>(total);
    const std::vector<Piece> head(pieces.begin(), pieces.begin() + 1), tail(pieces.begin() + 1, pieces.end());
    text = fmt::format("{}  {}  {}", line(head, "  "), bar(fraction, width), line(tail, "  "));
  }
  text.erase(text.find_last_not_of(' ') + 1);
  return text;
}

std::string phase_word(const ProgressModel& model) {
  if (model.restoring()) return model.transferring() ? "restoring" : "finishing";
  if (model.transferring()) return model.bytes_total() > 0 ? "uploading" : "comparing";
  switch (model.last_action()) {
    case ActionKind::retire:
      return "making versions";
    case ActionKind::remove:
    case ActionKind::remove_dir:
      return "deleting";
    case ActionKind::move:
      return "moving";
    case ActionKind::make_dir:
      return "making directories";
    default:
      return "finishing";
  }
}

void Painter::add_troubles(const ProgressModel& model, std::vector<Piece>& pieces) const {
  if (model.retries() != 0) pieces.push_back({counted(model.retries(), "retry", "retries"), 2});
  if (model.problems() != 0) pieces.push_back({counted(model.problems(), "problem"), 1, kYellow});
}

std::string Painter::counters(const ProgressModel& model) const {
  std::vector<Piece> pieces = {{phase_word(model), 3}};
  if (model.files_total() != 0)
    pieces.push_back(
        {fmt::format("{} of {}", grouped(model.files_done()), counted(model.files_total(), "file")), 0});
  add_troubles(model, pieces);
  return line(std::move(pieces), separator());
}

std::string Painter::scanning(const ProgressModel& model) const {
  const ScanProgress& scan = model.scan();
  std::vector<Piece> pieces = {{fit_middle(printable(model.job()), kMaxName, dots()), 3, kBold},
                               {"scanning", 4},
                               {counted(scan.files, "file"), 0},
                               {counted(scan.dirs, "directory", "directories"), 2},
                               {format_bytes(scan.bytes), 1}};
  add_troubles(model, pieces);
  return line(std::move(pieces), separator());
}

std::string Painter::lane(const LaneView& view) const {
  const int percent = view.size == 0 ? 100 : percent_of(view.at, view.size);
  const std::string figures = columns_ >= 40
                                  ? fmt::format("{:>5}%  {:>8}  ", percent, format_bytes(view.size))
                                  : fmt::format("{:>3}% ", percent);
  const std::size_t room = columns_ > figures.size() ? columns_ - figures.size() : 0;
  const std::string text = fit_end(figures + fit_middle(printable(view.path), room, dots()), columns_);
  return painted(text, view.busy ? std::string_view{} : kDim);
}

}  // namespace

std::vector<std::string> frame_lines(const ProgressModel& model, const TerminalSize& size,
                                     const FrameStyle& style) {
  const Painter painter(size, style);
  if (model.phase() == ProgressModel::Phase::scanning) return {painter.scanning(model)};
  if (model.phase() != ProgressModel::Phase::working || model.actions_total() == 0) return {};
  std::vector<std::string> lines = {painter.overview(model)};
  if (painter.rows() > 1) lines.push_back(painter.counters(model));
  std::vector<const LaneView*> lanes;
  for (const LaneView& view : model.lanes())
    if (view.shown) lanes.push_back(&view);
  const std::size_t room = painter.rows() - lines.size();
  const std::size_t shown = lanes.size() <= room ? lanes.size() : room == 0 ? 0 : room - 1;
  for (std::size_t i = 0; i < shown; ++i) lines.push_back(painter.lane(*lanes[i]));
  if (shown < lanes.size() && room > 0) lines.push_back(painter.more_lanes(lanes.size() - shown));
  return lines;
}

}  // namespace outhaul
