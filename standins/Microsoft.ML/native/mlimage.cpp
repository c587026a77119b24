#include "mlimage.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <new>
#include <stdexcept>
#include <string>
#include <vector>

#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

namespace {

struct Failure : std::runtime_error {
    mlimage_code code;
    Failure(mlimage_code code, const std::string& text) : std::runtime_error(text), code(code) {}
};

void require(bool condition, const char* text) {
    if (!condition) throw Failure(MLIMAGE_BAD_ARGUMENT, text);
}

void write_message(const char* text, char* message, int32_t capacity) {
    if (message == nullptr || capacity <= 0) return;
    const size_t length = std::min(std::strlen(text), static_cast<size_t>(capacity - 1));
    std::memcpy(message, text, length);
    message[length] = '\0';
}

// Runs `body` and turns whatever it throws into a code and a message.
template <typename Body>
int guarded(char* message, int32_t capacity, Body body) {
    try {
        body();
        return MLIMAGE_OK;
    } catch (const Failure& failure) {
        write_message(failure.what(), message, capacity);
        return failure.code;
    } catch (const std::bad_alloc&) {
        write_message("not enough memory for the picture", message, capacity);
        return MLIMAGE_OUT_OF_MEMORY;
    } catch (const cv::Exception& failure) {
        write_message(failure.what(), message, capacity);
        return failure.code == cv::Error::StsNoMem ? MLIMAGE_OUT_OF_MEMORY : MLIMAGE_FAILED;
    } catch (const std::exception& failure) {
        write_message(failure.what(), message, capacity);
        return MLIMAGE_FAILED;
    } catch (...) {
        write_message("unknown failure in the image codec", message, capacity);
        return MLIMAGE_FAILED;
    }
}

uint8_t* copy_out(const uint8_t* from, size_t size) {
    auto* memory = static_cast<uint8_t*>(std::malloc(std::max<size_t>(size, 1)));
    if (memory == nullptr) throw std::bad_alloc();
    std::memcpy(memory, from, size);
    return memory;
}

enum class Container { png, jpeg, bmp, webp, unknown };

Container container_of(const uint8_t* data, int64_t length) {
    const auto starts_with = [&](const char* magic, int64_t size, int64_t at = 0) {
        return length >= at + size && std::memcmp(data + at, magic, static_cast<size_t>(size)) == 0;
    };
    if (starts_with("\x89PNG\r\n\x1a\n", 8)) return Container::png;
    if (starts_with("\xff\xd8\xff", 3)) return Container::jpeg;
    if (starts_with("BM", 2)) return Container::bmp;
    if (starts_with("RIFF", 4) && starts_with("WEBP", 4, 8)) return Container::webp;
    return Container::unknown;
}

cv::Mat read_picture(const uint8_t* data, int64_t length) {
    const Container container = container_of(data, length);
    if (container == Container::unknown) {
        throw Failure(MLIMAGE_NOT_AN_IMAGE, "the data is not a PNG, JPEG, BMP or WebP picture");
    }
    std::vector<uint8_t> bytes(data, data + length);
    if (container == Container::jpeg) {
        // An end marker lets libjpeg fill what a cut-off file lacks, instead of leaving rows unwritten.
        bytes.push_back(0xff);
        bytes.push_back(0xd9);
    }
    // A bitmap's fourth byte is padding in nearly every file; its other users are not worth a wrong alpha.
    const int flags = container == Container::bmp ? cv::IMREAD_COLOR | cv::IMREAD_IGNORE_ORIENTATION : cv::IMREAD_UNCHANGED;
    cv::Mat picture = cv::imdecode(bytes, flags);
    if (picture.empty()) throw Failure(MLIMAGE_NOT_AN_IMAGE, "the picture is damaged or cut off");
    if (picture.total() > INT32_MAX / 4) throw Failure(MLIMAGE_NOT_AN_IMAGE, "the picture has more than 2^29 pixels");
    if (picture.depth() == CV_16U) {
        cv::Mat narrow;
        picture.convertTo(narrow, CV_8U, 1.0 / 257);
        picture = narrow;
    }
    if (picture.depth() != CV_8U) throw Failure(MLIMAGE_NOT_AN_IMAGE, "the picture has neither 8 nor 16 bits per channel");
    return picture;
}

cv::Mat to_bgra(const cv::Mat& picture) {
    cv::Mat bgra;
    switch (picture.channels()) {
        case 1: cv::cvtColor(picture, bgra, cv::COLOR_GRAY2BGRA); break;
        case 3: cv::cvtColor(picture, bgra, cv::COLOR_BGR2BGRA); break;
        case 4: picture.copyTo(bgra); break;
        default: throw Failure(MLIMAGE_NOT_AN_IMAGE, "the picture has neither 1, 3 nor 4 channels");
    }
    return bgra;
}

void premultiply(cv::Mat& bgra) {
    for (int y = 0; y < bgra.rows; y++) {
        auto* pixel = bgra.ptr<uint8_t>(y);
        for (int x = 0; x < bgra.cols; x++, pixel += 4) {
            const int alpha = pixel[3];
            if (alpha == 255) continue;
            for (int c = 0; c < 3; c++) pixel[c] = static_cast<uint8_t>((pixel[c] * alpha + 127) / 255);
        }
    }
}

void resize_nearest(const cv::Mat& source, cv::Mat& target) {
    std::vector<int> columns(static_cast<size_t>(target.cols));
    for (int x = 0; x < target.cols; x++) {
        columns[static_cast<size_t>(x)] = static_cast<int>((2LL * x + 1) * source.cols / (2LL * target.cols));
    }
    for (int y = 0; y < target.rows; y++) {
        const auto* from = source.ptr<cv::Vec4b>(static_cast<int>((2LL * y + 1) * source.rows / (2LL * target.rows)));
        auto* to = target.ptr<cv::Vec4b>(y);
        for (int x = 0; x < target.cols; x++) to[x] = from[columns[static_cast<size_t>(x)]];
    }
}

void resize_smooth(const cv::Mat& source, cv::Mat& target) {
    // Shrink first: the mean over the covered area of each axis that gets smaller. Then grow the other one.
    const cv::Size shrunk_size(std::min(source.cols, target.cols), std::min(source.rows, target.rows));
    cv::Mat shrunk = source;
    if (shrunk_size != source.size()) cv::resize(source, shrunk, shrunk_size, 0, 0, cv::INTER_AREA);
    if (shrunk_size == target.size()) {
        shrunk.copyTo(target);
        return;
    }
    cv::Mat grown;
    cv::resize(shrunk, grown, target.size(), 0, 0, cv::INTER_CUBIC);
    // The cubic overshoots at edges; a premultiplied colour must not exceed its alpha. (Pictures made from vectors with a scale
    // have colours over an alpha of 0; those stay as they are.)
    for (int y = 0; y < grown.rows; y++) {
        auto* pixel = grown.ptr<uint8_t>(y);
        for (int x = 0; x < grown.cols; x++, pixel += 4) {
            if (pixel[3] == 0) continue;
            for (int c = 0; c < 3; c++) pixel[c] = std::min(pixel[c], pixel[3]);
        }
    }
    grown.copyTo(target);
}

cv::Mat view(const uint8_t* pixels, int32_t width, int32_t height) {
    return cv::Mat(height, width, CV_8UC4, const_cast<uint8_t*>(pixels));
}

}  // namespace

int mlimage_decode(const uint8_t* data, int64_t length, uint8_t** pixels, int32_t* width, int32_t* height, char* message,
                   int32_t capacity) {
    return guarded(message, capacity, [&] {
        require(pixels != nullptr && width != nullptr && height != nullptr, "a place for the result is missing");
        *pixels = nullptr;
        require(length >= 0 && (data != nullptr || length == 0), "the data is missing");
        if (length > INT32_MAX - 2) throw Failure(MLIMAGE_NOT_AN_IMAGE, "the data is longer than 2 GiB");
        cv::Mat bgra = to_bgra(read_picture(data, length));
        premultiply(bgra);
        *pixels = copy_out(bgra.data, bgra.total() * bgra.elemSize());
        *width = bgra.cols;
        *height = bgra.rows;
    });
}

int mlimage_encode(const uint8_t* pixels, int32_t width, int32_t height, int32_t format, int32_t quality, uint8_t** data,
                   int64_t* length, char* message, int32_t capacity) {
    return guarded(message, capacity, [&] {
        require(data != nullptr && length != nullptr, "a place for the result is missing");
        *data = nullptr;
        require(pixels != nullptr && width > 0 && height > 0, "the picture is missing or has a size that is not positive");
        require(quality >= 1 && quality <= 100, "the quality must be between 1 and 100");
        cv::Mat picture = view(pixels, width, height);
        std::vector<uint8_t> encoded;
        bool done = false;
        switch (format) {
            case MLIMAGE_PNG: done = cv::imencode(".png", picture, encoded); break;
            case MLIMAGE_WEBP: done = cv::imencode(".webp", picture, encoded, {cv::IMWRITE_WEBP_QUALITY, 101}); break;
            case MLIMAGE_JPEG: {
                cv::Mat opaque;
                cv::cvtColor(picture, opaque, cv::COLOR_BGRA2BGR);
                done = cv::imencode(".jpg", opaque, encoded, {cv::IMWRITE_JPEG_QUALITY, quality});
                break;
            }
            default: throw Failure(MLIMAGE_BAD_ARGUMENT, "unknown image format");
        }
        if (!done) throw Failure(MLIMAGE_FAILED, "the encoder refused the picture");
        *data = copy_out(encoded.data(), encoded.size());
        *length = static_cast<int64_t>(encoded.size());
    });
}

int mlimage_resize(const uint8_t* source, int32_t source_width, int32_t source_height, uint8_t* target, int32_t target_width,
                   int32_t target_height, int32_t filter, char* message, int32_t capacity) {
    return guarded(message, capacity, [&] {
        require(source != nullptr && source_width > 0 && source_height > 0, "the source picture is missing or has no pixels");
        require(target != nullptr && target_width > 0 && target_height > 0, "the target picture is missing or has no pixels");
        const cv::Mat from = view(source, source_width, source_height);
        cv::Mat to = view(target, target_width, target_height);
        switch (filter) {
            case MLIMAGE_NEAREST: resize_nearest(from, to); break;
            case MLIMAGE_SMOOTH: resize_smooth(from, to); break;
            default: throw Failure(MLIMAGE_BAD_ARGUMENT, "unknown filter");
        }
    });
}

void mlimage_free(uint8_t* memory) { std::free(memory); }
