// SPDX-License-Identifier: Apache-2.0

import Glibc

extension Program {
    /// Starts the program and waits for its end; blocks, so not for the loop's thread.
    ///
    /// - Throws: ``SystemError``, where there is no such program for instance.
    public func run() throws(SystemError) -> ProgramStatus {
        let process = try start()
        var status: CInt = 0
        while unsafe waitpid(process, &status, 0) != process {
            guard errno == EINTR else { throw SystemError.last("waitpid") }
        }
        return ProgramStatus(waitStatus: status)
    }
}
