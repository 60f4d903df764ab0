# cmake -DIN=file -DOUT=file.cc -DSYMBOL=name -P embed.cmake
# A text file as a C++ string, so that the program carries the very file that editors and tests use.
file(READ "${IN}" text)
# Compilers limit one literal; pieces are joined by the compiler.
string(LENGTH "${text}" length)
set(pieces "")
set(at 0)
while(at LESS length)
  string(SUBSTRING "${text}" ${at} 4000 piece)
  string(APPEND pieces "    R\"__embedded__(${piece})__embedded__\"\n")
  math(EXPR at "${at} + 4000")
endwhile()
file(WRITE "${OUT}" "// Made by embed.cmake.
#include <string_view>

namespace outhaul {
extern const std::string_view ${SYMBOL};
const std::string_view ${SYMBOL} =
${pieces}    ;
}  // namespace outhaul
")
