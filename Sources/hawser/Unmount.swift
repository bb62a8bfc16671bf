// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
import CLinux
import FuseBridge
import Glibc

/// `hawser unmount`.
struct Unmount: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unmount", abstract: "Unmount what hawser has mounted.", version: versionText)

    @Flag(
        name: [.customShort("z"), .long],
        help: "Detach it now, even where it is in use or its server does not answer.")
    var lazy = false

    @Argument(help: "The directory it is mounted on.")
    var mountPoint: String

    /// How long an unmount may take: writing back what programs have mapped waits for the server.
    private static let patienceMilliseconds: CInt = 10_000

    func run() throws {
        let mountPoint = try MountPoint(mountPoint)
        guard let mount = MountTable.read().mount(at: mountPoint.path), mount.isOurs else {
            throw MountError("\(mountPoint.path): nothing of ours is mounted there")
        }
        // In a process of its own: one that waits in the kernel for a dead server can't be ended, and
        // whoever waits for it could not either.
        switch try Launcher.fork() {
        case .mountProcess(let launcher):
            launcher.report(Self.unmount(mountPoint, lazily: lazy))
            Glibc.exit(0)
        case .launcher(let report):
            guard let status = report.wait(milliseconds: Self.patienceMilliseconds) else {
                throw MountError(
                    "\(mountPoint.path): the server does not answer; "
                        + "hawser unmount --lazy detaches it all the same")
            }
            if status != 0 { throw ExitCode(status) }
        }
    }

    private static func unmount(_ mountPoint: MountPoint, lazily: Bool) -> Launcher.Report {
        do {
            try mountPoint.unmount(lazily: lazily)
            return .success
        } catch {
            return .failure("\(error)")
        }
    }
}
