# Judges the titles of a test program, as a step of its build:
#
#   cmake -D PROGRAM=FILE -D CATCH=VERSION -P catch_titles.cmake
#
# ctest keeps titles in lists, which ';' divides and '[' joins, and Catch reads a title that it is given as a pattern. A title with
# one of these characters would become tests that nothing matches. A comma is escaped by Catch's own script.
if(CATCH VERSION_LESS 3)
    set(list_titles --list-test-names-only) # ends with the number of tests
else()
    set(list_titles --list-tests --verbosity quiet)
endif()
execute_process(COMMAND ${PROGRAM} ${list_titles} OUTPUT_VARIABLE titles ERROR_VARIABLE titles_error)
if("${titles}" STREQUAL "")
    message(FATAL_ERROR "${PROGRAM} names no test: ${titles_error}")
endif()
# "]" first and "\\" escaped are themselves in a class.
if("\n${titles}" MATCHES "\n([^\n]*[];\\\\\"*[][^\n]*|~[^\n]*)")
    message(FATAL_ERROR "the title of a test may hold none of ; [ ] \\ \" * and not begin with ~, which ctest or Catch take "
        "for something else: say it in plain words: ${CMAKE_MATCH_1}")
endif()
