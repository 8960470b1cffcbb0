# Writes what ctest runs of a test program, as a step of its build: an entry a source file, whose tests run in one process.
#
#   cmake -D PROGRAM=FILE -D NAME=TEXT -D ARGUMENTS=LIST -D PROPERTIES=LIST -D CTEST_FILE=FILE -P catch_by_file.cmake
#
# Which files hold tests is asked of the program, so none is forgotten.
execute_process(COMMAND ${PROGRAM} --filenames-as-tags --list-tags OUTPUT_VARIABLE tags)
string(REGEX MATCHALL "#[A-Za-z0-9_]+" files "${tags}")
if(NOT files)
    message(FATAL_ERROR "${PROGRAM} names no file with tests: ${tags}")
endif()
set(script)
foreach(file ${files})
    string(SUBSTRING ${file} 1 -1 title)
    string(APPEND script "add_test([==[${NAME}: ${title}]==] [==[${PROGRAM}]==] --filenames-as-tags [==[[${file}]]==]")
    foreach(argument ${ARGUMENTS})
        string(APPEND script " ${argument}")
    endforeach()
    string(REPLACE ";" " " properties "${PROPERTIES}")
    string(APPEND script ")\nset_tests_properties([==[${NAME}: ${title}]==] PROPERTIES ${properties})\n")
endforeach()
file(WRITE "${CTEST_FILE}" "${script}")
