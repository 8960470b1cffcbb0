// The only include of RapidJSON. Its assertions throw in every build: left alone they would abort the
// process, or with NDEBUG be undefined behaviour.
#pragma once

#include <stdexcept>

#ifdef RAPIDJSON_ASSERT
#error "RapidJSON was included before shared/json/rapidjson.hpp"
#endif
#define RAPIDJSON_ASSERT(condition)                                                                          \
    ((condition) ? static_cast<void>(0) : throw std::logic_error("RapidJSON: " #condition))

#include <rapidjson/encodedstream.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>
