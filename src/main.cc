#include "cli/command_line.h"

int main(int argc, char** argv) {
  return outhaul::cli::main(argc, argv);
}
