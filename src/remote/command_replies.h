// What single replies say of the commands that they answer. Pure.
#pragma once

#include "outhaul/remote.h"
#include "remote/reply_parser.h"

namespace outhaul {

/// What is at a path, as far as the server can be made to say.
enum class Presence { unknown, nothing, file, directory };

/// 500, 501, 502 and 504: the server doesn't know the command, or not with that argument.
bool no_such_command(int code) noexcept;

CommandResult done();
/// With the reply's code and words.
CommandResult with_status(CommandResult::Status status, const Reply& reply);
/// Refused, with what follows from it (remote/classify.h).
CommandResult refused(const Reply& reply);
/// Turns a refusal into "it isn't there".
void mark_missing(CommandResult& result);

/// The answer to SIZE; 550 is taken for "no such file".
CommandResult size_in(const Reply& reply);
/// 213 without a number: ftp-srv's word for an empty file. It is no word about the size.
bool tells_no_size(const Reply& reply);
/// The answer to AVBL; whatever isn't a number of bytes is none.
CommandResult space_in(const Reply& reply);
/// What MLST's answer says about a file's size.
CommandResult size_by_facts(const Reply& reply);
Presence presence_by_facts(const Reply& reply);

}  // namespace outhaul
