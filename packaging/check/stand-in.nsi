; A stand-in for Electron's executable: it says that it was started, stays until it is asked to quit, and carries a
; version resource and (appended by stand-in.ts) a fuse wire, so that electron-builder treats it as it treats Electron.
Unicode true
Target amd64-unicode
; electron-builder changes the resources of this file, as it does with Electron's.
CRCCheck off
SetCompressor zlib
Name "Electron"
OutFile "${OUT_FILE}"
RequestExecutionLevel user
SilentInstall silent
VIProductVersion "45.4.1.0"
VIAddVersionKey /LANG=1033 ProductName "Electron"
VIAddVersionKey /LANG=1033 ProductVersion "45.4.1"
VIAddVersionKey /LANG=1033 FileDescription "Electron"
VIAddVersionKey /LANG=1033 FileVersion "45.4.1"
VIAddVersionKey /LANG=1033 LegalCopyright "-"

!include FileFunc.nsh
!include LogicLib.nsh

Section
  ReadEnvStr $9 STAND_IN_FOLDER
  ${If} $9 == ""
    Quit
  ${EndIf}
  ${GetParameters} $1
  FileOpen $0 "$9\started.txt" a
  FileSeek $0 0 END
  FileWriteUTF16LE $0 "$1$\r$\n"
  FileClose $0
  StrCpy $5 $1 6
  ${If} $5 == "--quit"
    FileOpen $0 "$9\quit" w
    FileClose $0
    Quit
  ${EndIf}
  ; A virus scanner holds files like this.
  ReadEnvStr $4 STAND_IN_HOLD
  ${If} $4 != ""
    FileOpen $3 $4 r
  ${EndIf}
  FileOpen $0 "$9\running" w
  FileClose $0
  ; Runs while the check wants a running program.
  StrCpy $2 0
  ${Do}
    ${If} ${FileExists} "$9\quit"
    ${OrIfNot} ${FileExists} "$9\stay"
    ${OrIf} $2 > 600
      ${Break}
    ${EndIf}
    Sleep 100
    IntOp $2 $2 + 1
  ${Loop}
SectionEnd
