# outhaul_layer(NAME SOURCES … [DEPENDS layer …] [LIBRARIES target …])
#
# One folder below src/ is one layer and one static library, outhaul_<NAME>. Its headers are reached as
# "<NAME>/<header>.h" through an include folder of its own, so a file can include only the headers of the
# layers that its target DEPENDS on: an arrow that points the wrong way does not compile.
add_library(outhaul_options INTERFACE)
target_compile_options(outhaul_options INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion
                                                 -Wnon-virtual-dtor -Woverloaded-virtual)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # GCC 12 sees overlapping copies, and copies outside of any object, in plain std::string concatenation
  # (GCC bugs 105651 and 105329, mended in 13).
  target_compile_options(outhaul_options INTERFACE -Wno-restrict -Wno-stringop-overflow -Wno-stringop-overread
                                                   -Wno-array-bounds)
endif()
if(CMAKE_UNITY_BUILD)
  # Several files of one layer are compiled as one. An anonymous namespace in one of them is then in an "included" file,
  # which is what this warning is about.
  target_compile_options(outhaul_options INTERFACE -Wno-subobject-linkage)
endif()
if(OUTHAUL_WERROR)
  target_compile_options(outhaul_options INTERFACE -Werror)
endif()
# OUTHAUL_UNSANITIZED: sanitizers that a target goes without, as -fno-sanitize takes them.
define_property(TARGET PROPERTY OUTHAUL_UNSANITIZED INITIALIZE_FROM_VARIABLE OUTHAUL_UNSANITIZED)
if(OUTHAUL_SANITIZE)
  set(without $<TARGET_PROPERTY:OUTHAUL_UNSANITIZED>)
  target_compile_options(outhaul_options INTERFACE -fsanitize=${OUTHAUL_SANITIZE} -fno-omit-frame-pointer
                                                   -fno-sanitize-recover=all -g1
                                                   $<$<BOOL:${without}>:-fno-sanitize=${without}>)
  target_link_options(outhaul_options INTERFACE -fsanitize=${OUTHAUL_SANITIZE})
  if(OUTHAUL_SANITIZE MATCHES address)
    add_library(outhaul_sanitizer_suppressions STATIC cmake/sanitizer_suppressions.cc)
    target_link_libraries(outhaul_options
                          INTERFACE $<LINK_LIBRARY:WHOLE_ARCHIVE,outhaul_sanitizer_suppressions>)
  endif()
endif()
if(OUTHAUL_COVERAGE)
  target_compile_options(outhaul_options INTERFACE --coverage)
  target_link_options(outhaul_options INTERFACE --coverage)
endif()
# fmt's own definitions for all, because a precompiled header is good for equal ones only.
target_compile_definitions(outhaul_options INTERFACE _FILE_OFFSET_BITS=64
                                                     $<TARGET_PROPERTY:fmt::fmt,INTERFACE_COMPILE_DEFINITIONS>)

# What most files include, compiled once for all layers. OUTHAUL_PRECOMPILED=OFF shows that each file includes what it
# uses.
if(OUTHAUL_PRECOMPILED)
  add_library(outhaul_precompiled STATIC ${PROJECT_SOURCE_DIR}/src/precompiled.cc)
  target_link_libraries(outhaul_precompiled PRIVATE outhaul_options fmt::fmt)
  target_precompile_headers(outhaul_precompiled PRIVATE ${PROJECT_SOURCE_DIR}/src/precompiled.h)
endif()

function(outhaul_layer name)
  cmake_parse_arguments(arg "" "" "SOURCES;DEPENDS;LIBRARIES" ${ARGN})
  set(view ${PROJECT_BINARY_DIR}/layers/${name})
  file(MAKE_DIRECTORY ${view})
  file(CREATE_LINK ${CMAKE_CURRENT_SOURCE_DIR} ${view}/${name} SYMBOLIC)
  add_library(outhaul_${name} STATIC ${arg_SOURCES})
  target_include_directories(outhaul_${name} PUBLIC ${view} ${PROJECT_SOURCE_DIR}/include)
  foreach(layer ${arg_DEPENDS})
    target_link_libraries(outhaul_${name} PUBLIC outhaul_${layer})
  endforeach()
  target_link_libraries(outhaul_${name} PRIVATE outhaul_options ${arg_LIBRARIES})
  if(OUTHAUL_PRECOMPILED)
    target_precompile_headers(outhaul_${name} REUSE_FROM outhaul_precompiled)
  endif()
endfunction()
