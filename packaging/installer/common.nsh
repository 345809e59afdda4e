; What installer and uninstaller share: command line, "is it running?", shortcuts' identity.

Var flagWanted
Var flagRest
Var flagFound

; Looks for a word of the command line; electron-updater writes them with two dashes, in any order.
!macro DefineHasFlag un
Function ${un}hasFlag
  StrCpy $flagFound "0"
  ${GetParameters} $flagRest
  StrCpy $flagRest " $flagRest "
  StrLen $R1 " $flagWanted "
  StrLen $R2 $flagRest
  StrCpy $R3 0
  ${While} $R3 < $R2
    StrCpy $R4 $flagRest $R1 $R3
    ${If} $R4 == " $flagWanted "
      StrCpy $flagFound "1"
      ${Break}
    ${EndIf}
    IntOp $R3 $R3 + 1
  ${EndWhile}
FunctionEnd
!macroend
!insertmacro DefineHasFlag ""
!insertmacro DefineHasFlag "un."

!macro HasFlag un flag result
  StrCpy $flagWanted "${flag}"
  Call ${un}hasFlag
  StrCpy ${result} $flagFound
!macroend

; A program or library that is in use cannot be opened for writing. An antivirus program that scans it looks the same.
!macro LookAtProgram relative
  ${If} $busyFile == ""
  ${AndIf} ${FileExists} "$INSTDIR\${relative}"
    ClearErrors
    FileOpen $R0 "$INSTDIR\${relative}" a
    ${If} ${Errors}
      StrCpy $busyFile "${relative}"
    ${Else}
      FileClose $R0
    ${EndIf}
  ${EndIf}
!macroend

; Asks a running Mainspring to stop, and waits for all of its processes. It stops as it does from its own menu: with
; open orders the program itself asks the person.
!define STOP_POLLS 180
!define STOP_POLL_MS 500
!macro DefineEnsureStopped un verb
Function ${un}findBusyFile
  StrCpy $busyFile ""
  !insertmacro ForEachProgram LookAtProgram
FunctionEnd

Function ${un}ensureStopped
  Call ${un}findBusyFile
  ${If} $busyFile == ""
    Return
  ${EndIf}
  MessageBox MB_OKCANCEL|MB_ICONINFORMATION "${PRODUCT_NAME} is running. It is asked to stop now; ${verb} goes on when it has stopped.$\r$\n$\r$\nOrders at your broker are not touched by this." /SD IDOK IDOK ask
    SetErrorLevel ${ERROR_CANCELLED}
    Quit
  ask:
  ; Not ExecWait: with open orders the question of the program may stand for a while.
  Exec '"$INSTDIR\${PRODUCT_FILENAME}.exe" --quit'
  StrCpy $R5 0
  wait:
    DetailPrint "Waiting for $busyFile to end"
    Sleep ${STOP_POLL_MS}
    Call ${un}findBusyFile
    ${If} $busyFile == ""
      Return
    ${EndIf}
    IntOp $R5 $R5 + 1
    ; A silent update may be told to wait less (tests do).
    ReadEnvStr $R6 MAINSPRING_SETUP_STOP_POLLS
    ${If} $R6 == ""
      StrCpy $R6 ${STOP_POLLS}
    ${EndIf}
    ${If} $R5 < $R6
      Goto wait
    ${EndIf}
  MessageBox MB_RETRYCANCEL|MB_ICONEXCLAMATION "$busyFile is still in use.$\r$\n$\r$\nQuit ${PRODUCT_NAME} from its symbol beside the clock (right click, Quit), or wait until your antivirus program has finished with the file. Nothing has been changed so far." /SD IDCANCEL IDRETRY ask
!if "${un}" == ""
  Call startAgain
!endif
  SetErrorLevel ${ERROR_RUNNING}
  Quit
FunctionEnd
!macroend
!insertmacro DefineEnsureStopped "" "Setup"
!insertmacro DefineEnsureStopped "un." "Removing it"

; Only one Setup at a time: the second would move files away under the first.
!macro TakeMutex un
  System::Call 'kernel32::CreateMutexW(p 0, i 0, w "${APP_ID}.setup")p.R1 ?e'
  Pop $R0
  ${If} $R0 = 183
    MessageBox MB_OK|MB_ICONEXCLAMATION "Another ${PRODUCT_NAME} Setup is running. Finish that one first." /SD IDOK
    SetErrorLevel ${ERROR_SECOND_SETUP}
    Quit
  ${EndIf}
!macroend
