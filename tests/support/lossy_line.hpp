// A line between the handlers and Postgres that loses answers: what was asked is done and committed, and the
// connection breaks before anybody hears of it. No server does that on demand, and it is the one moment in
// which a repeat can charge twice.
#pragma once

#include <atomic>
#include <string>
#include <thread>
#include <vector>

namespace support {

class LossyLine {
  public:
    // Stands in for the socket of the target's Postgres. Of the answers to the handlers' calls every
    // `lose_each`th is lost. Connections made before stay as they are: end them to have all calls pass here.
    explicit LossyLine(int lose_each);
    // Ends the connections that pass here and gives the socket back.
    ~LossyLine();
    LossyLine(LossyLine const&) = delete;
    LossyLine& operator=(LossyLine const&) = delete;

    // How many answers were lost so far.
    int lost() const { return lost_; }

  private:
    void accept_all(std::stop_token const& stop);
    void carry(int client, std::stop_token const& stop);
    bool loses(bool handler, int& answers, std::string const& chunk);

    std::string path_; // where clients look for Postgres
    std::string real_path_;
    int listener_;
    int lose_each_;
    std::atomic<int> calls_{0};
    std::atomic<int> lost_{0};
    std::vector<std::jthread> carriers_; // of the accepting thread only
    std::jthread acceptor_;
};

} // namespace support
