// One thread waits, another wakes it, once. A POSIX semaphore and not std::binary_semaphore, because it may
// be destroyed as soon as wait() has returned, even while post() is still on its way out in the other thread.
#pragma once

#include <semaphore.h>

#include <cerrno>

namespace db {

class Semaphore {
  public:
    Semaphore() { sem_init(&semaphore_, 0, 0); }
    ~Semaphore() { sem_destroy(&semaphore_); }
    Semaphore(Semaphore const&) = delete;
    Semaphore& operator=(Semaphore const&) = delete;

    void post() { sem_post(&semaphore_); }

    void wait()
    {
        while (sem_wait(&semaphore_) != 0 && errno == EINTR) {
        }
    }

  private:
    sem_t semaphore_;
};

} // namespace db
