// SPDX-License-Identifier: Apache-2.0

import EventLoop
import Glibc

/// Starts a program with the given descriptors as its standard ones.
func spawn(
    _ words: [String], input: CInt, output: CInt, errors: CInt
) throws(SystemError) -> pid_t {
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    unsafe posix_spawn_file_actions_adddup2(&actions, input, 0)
    unsafe posix_spawn_file_actions_adddup2(&actions, output, 1)
    unsafe posix_spawn_file_actions_adddup2(&actions, errors, 2)
    var arguments: [UnsafeMutablePointer<CChar>?] = unsafe words.map { unsafe strdup($0) }
    unsafe arguments.append(nil)
    defer { for index in unsafe arguments.indices { unsafe free(arguments[index]) } }
    var process: pid_t = 0
    let result = unsafe posix_spawnp(&process, words[0], &actions, nil, &arguments, environ)
    guard result == 0 else { throw SystemError(call: "posix_spawn", code: result) }
    return process
}

/// Waits for a child's end.
///
/// - Returns: its exit status, or 128 and the number of the signal that ended it.
func wait(for process: pid_t) -> CInt {
    var status: CInt = 0
    while unsafe waitpid(process, &status, 0) < 0, errno == EINTR {}
    let signal = status & 0x7F
    return signal == 0 ? (status >> 8) & 0xFF : 128 + signal
}

/// What a program left behind.
public struct ProgramResult: Sendable, Equatable {
    /// Its exit status, or 128 and the number of the signal that ended it.
    public let status: CInt
    /// What it wrote to its standard output.
    public let output: String
}

/// Runs a program to its end, with our standard input and error output.
@discardableResult
public func run(_ words: String...) throws -> ProgramResult { try run(words) }

/// The same with the words in a list.
@discardableResult
public func run(_ words: [String]) throws -> ProgramResult {
    // Closed on exec from the start, as pipe(2) can't: a server that another test starts in that
    // very moment would hold the other end open.
    var pipe: [CInt] = [-1, -1]
    let kind = CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
    guard unsafe socketpair(AF_UNIX, kind, 0, &pipe) == 0 else {
        throw SystemError.last("socketpair")
    }
    defer { close(pipe[0]) }
    let process: pid_t
    do {
        defer { close(pipe[1]) }
        process = try spawn(words, input: 0, output: pipe[1], errors: 2)
    }
    var output: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
        let count = unsafe read(pipe[0], &buffer, buffer.count)
        if count <= 0 { break }
        output.append(contentsOf: buffer[..<count])
    }
    return ProgramResult(
        status: wait(for: process), output: String(decoding: output, as: UTF8.self))
}

/// Runs a command of the shell to its end.
@discardableResult
public func shell(_ command: String) throws -> ProgramResult {
    try run("/bin/sh", "-c", command)
}
