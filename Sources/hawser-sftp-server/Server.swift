// SPDX-License-Identifier: Apache-2.0

internal import CLinux
import EventLoop
import Glibc
import LocalFiles
import SFTPServer
import Wire

/// OpenSSH's exit status for mistakes of the caller and of the client.
private let fatalStatus: Int32 = 255

/// Serves standard input and output, and returns the exit status.
func runServer() -> Int32 {
    openStandardDescriptors()
    switch ServerArguments.parse() {
    case .serve(let arguments):
        do {
            return try serve(arguments)
        } catch {
            return complain("\(error)", status: error.status)
        }
    case .listRequests:
        for operation in SFTPOperation.allCases { print(operation.rawValue) }
        return 0
    case .usage:
        return complain(ServerArguments.usage, status: 1)
    case .invalid(let message, let status):
        return complain(message, status: status)
    }
}

/// Why the server doesn't start.
struct StartFailure: Error, CustomStringConvertible {
    let description: String
    var status = fatalStatus
}

private func serve(_ arguments: ServerArguments) throws(StartFailure) -> Int32 {
    ProcessLimits.prepareServer()
    let log = SystemLog.make(arguments)
    guard let user = Accounts.user(number: Accounts.currentUser) else {
        throw StartFailure(
            description: "No user found for uid \(Accounts.currentUser)", status: 1)
    }
    let address = try clientAddress()
    if let mask = arguments.umask { umask(mask) }
    if let directory = arguments.startDirectory {
        let path = try StartDirectory.expand(directory, name: user.name, home: user.home)
        do {
            try LocalFiles.changeWorkingDirectory(to: path)
        } catch {
            log.log(.error, "chdir to \(ServerLog.quoted(path)) failed: \(error)")
        }
    }
    var policy = arguments.policy
    if !policy.modes.isEmpty { policy.modes.mask = umask(0) }
    let configuration = SFTPSession.Configuration(
        policy: policy, files: try fileTree(arguments.root), log: log,
        userName: user.name, clientAddress: address, quota: arguments.quota, rates: arguments.rates,
        ownsProcess: true)
    do {
        Sandbox.raise(round: configuration.files, policy, log: log)
        // A server may wait for hours: what a transfer needed is no use to it then.
        let loop = try EpollLoop(whenQuiet: clinux_release_freed_memory)
        let end = try loop.run {
            let channel = try DescriptorChannel(
                input: FileDescriptor(owning: STDIN_FILENO),
                output: FileDescriptor(owning: STDOUT_FILENO), loop: loop)
            return await ServedSession(configuration, over: channel, loop: loop).serve()
        }
        return end.exitStatus
    } catch {
        throw StartFailure(description: "\(error)")
    }
}

private func fileTree(_ root: Bytes?) throws(StartFailure) -> FileTree {
    guard let root else { return .whole }
    do {
        return try FileTree(confinedTo: root)
    } catch {
        throw StartFailure(description: "\(ServerLog.escaped(root)): \(error)", status: 1)
    }
}

/// What is closed of the standard descriptors is opened, so that no other file takes its number.
private func openStandardDescriptors() {
    while true {
        let descriptor = unsafe open("/dev/null", O_RDWR)
        if descriptor < 0 { return }
        if descriptor > STDERR_FILENO {
            close(descriptor)
            return
        }
    }
}

/// The client's address as sshd tells it: the first word of SSH_CONNECTION.
private func clientAddress() throws(StartFailure) -> Bytes {
    guard let text = unsafe getenv("SSH_CONNECTION") else { return Array("UNKNOWN".utf8)[...] }
    let connection = Array(unsafe String(cString: text).utf8)
    guard let space = connection.firstIndex(of: UInt8(ascii: " ")) else {
        throw StartFailure(
            description: "Malformed SSH_CONNECTION variable: \(ServerLog.quoted(connection))")
    }
    return connection[..<space]
}

private func complain(_ message: String, status: Int32) -> Int32 {
    writeToStandardError(message + "\n")
    return status
}
