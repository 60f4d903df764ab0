# cmake -DROOT=checkout -P check.cmake
#
# What the linker can't see: a header-only library, or one whose headers are included for their types alone. Every
# library has one layer that owns it (docs/architecture.md); the vocabulary knows none; the pure layers do no I/O.
cmake_minimum_required(VERSION 3.25)
set(owners_curl src/remote src/alarm)  # files; alarms
set(owner_sqlite3 src/state)
set(owner_CLI src/cli)
set(owners_nlohmann src/profile src/catalog)  # profiles; the manifest
set(owner_zstd src/catalog)
set(owner_spdlog src/base)
set(owners_openssl src/base src/remote)  # digests; certificates
set(pure src/plan src/filter src/vocabulary)

set(violations "")

function(violation file what)
  set(violations "${violations}\n  ${file}: ${what}" PARENT_SCOPE)
endfunction()

# The first word of what an #include names: "curl" of <curl/curl.h>, "sqlite3" of <sqlite3.h>.
function(included file result)
  file(STRINGS ${ROOT}/${file} lines REGEX "^[ \t]*#[ \t]*include[ \t]*[<\"]")
  set(names "")
  foreach(line IN LISTS lines)
    string(REGEX REPLACE "^[ \t]*#[ \t]*include[ \t]*[<\"]([^>\"]*)[>\"].*$" "\\1" name "${line}")
    list(APPEND names ${name})
  endforeach()
  set(${result} ${names} PARENT_SCOPE)
endfunction()

file(GLOB_RECURSE files RELATIVE ${ROOT} ${ROOT}/src/*.cc ${ROOT}/src/*.h ${ROOT}/include/*.h)
if(NOT files)
  message(FATAL_ERROR "nothing to check below ${ROOT}")
endif()
foreach(file IN LISTS files)
  included(${file} names)
  string(REGEX MATCH "^(src/[^/]+|include)" layer ${file})
  foreach(name IN LISTS names)
    string(REGEX REPLACE "[/.].*$" "" library ${name})
    if(layer STREQUAL "include" AND library MATCHES "^(curl|sqlite3|CLI|nlohmann|zstd|spdlog|openssl|fmt|catch2)$")
      violation(${file} "includes <${name}>: the vocabulary knows no library")
    elseif(DEFINED owner_${library} AND NOT layer STREQUAL owner_${library})
      violation(${file} "includes <${name}>: only ${owner_${library}} does")
    elseif(DEFINED owners_${library} AND NOT layer IN_LIST owners_${library})
      list(JOIN owners_${library} " and " all)
      violation(${file} "includes <${name}>: only ${all} do")
    elseif(layer IN_LIST pure AND name MATCHES "^(unistd\\.h|fcntl\\.h|dirent\\.h|poll\\.h|sys/.*|fstream|iostream)$")
      violation(${file} "includes <${name}>: ${layer} does no I/O")
    endif()
  endforeach()
endforeach()
if(violations)
  message(FATAL_ERROR "layers:${violations}")
endif()
